import { HeadReader } from '../../../src/http/fast-lane/request-head.ts'
import { seededRandom } from '../../interop/seeded-random.ts'
import { type LaneReader, type Verdict, judge } from './judge.ts'
import { nodeReader } from './node-reader.ts'
import { type Specimen, conversation } from './specimens.ts'

/** What to read, and how much of it. */
export interface CampaignOptions {
  readonly seed: number
  /** Heads that were changed; those in order come on top. */
  readonly heads: number
  /** The reader of one connection; default: the lane's. */
  readonly reader?: () => LaneReader
}

/** What became of the heads. */
export interface Tally {
  /** Read in all, and how many of them had been changed. */
  read: number
  mutated: number
  /** Taken by the lane, and how many of them had been changed. */
  taken: number
  takenMutated: number
  /** Left to `node:http`, by what it did with them. */
  served: number
  refused: number
  awaited: number
}

/** The two do not read the same; says how to see it again. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
  /** Heads read until then, this one included. */
  readonly heads: number

  constructor(about: string, { bytes, changes }: Specimen, found: { seed: number; heads: number }) {
    super(
      `Lane and node:http disagree about ${about}\n` +
        `seed ${found.seed}, head ${found.heads}, changed by: ${changes.join(', ')}\n` +
        JSON.stringify(bytes.toString('latin1')),
    )
    this.heads = found.heads
  }
}

/**
 * Lets the lane and `node:http` read the same heads, the same ones for the same seed. Rejects with
 * {@link Disagreement} at the first one that the lane takes and `node:http` reads otherwise.
 */
export async function campaign(options: CampaignOptions): Promise<Tally> {
  const { seed, heads, reader = () => new HeadReader() } = options
  const random = seededRandom(seed)
  const node = nodeReader()
  const tally = noneYet()
  while (tally.mutated < heads) {
    const lane = reader()
    for (const specimen of conversation(random)) {
      const verdict = judge(specimen, lane, node)
      count(tally, specimen, verdict)
      if (verdict.kind === 'disagreement')
        throw new Disagreement(verdict.about, specimen, { seed, heads: tally.read })
    }
    // Connections in memory are given up when the event loop turns.
    await new Promise(setImmediate)
  }
  return tally
}

function noneYet(): Tally {
  return { read: 0, mutated: 0, taken: 0, takenMutated: 0, served: 0, refused: 0, awaited: 0 }
}

function count(tally: Tally, { changes }: Specimen, verdict: Verdict): void {
  const isMutated = changes.length > 0
  tally.read += 1
  if (isMutated) tally.mutated += 1
  if (verdict.kind === 'left') tally[verdict.fate] += 1
  if (verdict.kind !== 'taken') return
  tally.taken += 1
  if (isMutated) tally.takenMutated += 1
}
