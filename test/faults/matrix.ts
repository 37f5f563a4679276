import { createHash } from 'node:crypto'
import { type SeededRandom, seededRandom } from '../interop/seeded-random.ts'
import { pairwiseCover } from './pairwise.ts'

/** How a client uploads; `rufh-…` names the interop version of draft-ietf-httpbis-resumable-upload. */
export const FACES = [
  'plain',
  'rufh-3',
  'rufh-5',
  'rufh-6',
  'rufh-8',
  'rufh-none',
  'tus',
  'range',
] as const

/**
 * What happens in the middle of an upload. `stall`: the connection is silent until the client
 * goes on over another one, then brings what was under way. `half-open`: it stays, and is silent
 * for ever; so it does when the client goes on at another worker or node.
 */
export const FAULTS = [
  'reset',
  'fin',
  'half-open',
  'stall',
  'kill',
  'restart',
  'other-worker',
  'other-node',
] as const

/** After how many bytes of the body; `after`: all of them, and no answer is read. */
export const CUTS = ['0', '1', 'middle', 'last', 'after'] as const

const STORES = ['memory', 'sqlite', 'redis'] as const

export type FaceName = (typeof FACES)[number]
export type Fault = (typeof FAULTS)[number]
export type CutPoint = (typeof CUTS)[number]
export type StoreName = (typeof STORES)[number]

/** One cell of the matrix. */
export interface FaultCase extends Readonly<Record<string, string>> {
  readonly face: FaceName
  readonly fault: Fault
  readonly cut: CutPoint
  readonly store: StoreName
}

/** Which stores make sense with a fault: what a process alone knows ends with it. */
function storesOf(fault: Fault): readonly StoreName[] {
  if (fault === 'other-node') return ['redis']
  const isShared = fault === 'kill' || fault === 'restart' || fault === 'other-worker'
  return isShared ? ['sqlite', 'redis'] : STORES
}

/** The whole matrix. */
export function everyCase(): readonly FaultCase[] {
  return FAULTS.flatMap((fault) =>
    storesOf(fault).flatMap((store) =>
      FACES.flatMap((face) => CUTS.map((cut) => ({ face, fault, cut, store }))),
    ),
  )
}

/** A selection of `count` cases, different with each seed, in which each pair of values occurs. */
export function selectedCases(count: number, random: SeededRandom): readonly FaultCase[] {
  const shuffled = everyCase()
    .map((one) => ({ one, rank: random.fraction() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ one }) => one)
  const cover = new Set(pairwiseCover(shuffled))
  const more = shuffled.filter((one) => !cover.has(one))
  return [...cover, ...more.slice(0, Math.max(0, count - cover.size))]
}

/** The case's name, for people and for `--only`. */
export function idOf({ face, fault, cut, store }: FaultCase): string {
  return [face, fault, cut, store].join('/')
}

/** The choices of one case, which are the same whatever other cases run. */
export function randomOf(one: FaultCase, seed: number): SeededRandom {
  const hash = createHash('sha256')
    .update(`${seed} ${idOf(one)}`)
    .digest()
  return seededRandom(hash.readUInt32BE())
}
