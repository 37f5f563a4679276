import { randomId } from '../core/random.ts'
import type { Head } from './audit-head.ts'
import {
  BEFORE_FIRST,
  MOST_UTF8,
  type SealKey,
  type Sealer,
  coveredText,
  ending,
  sealer,
} from './audit-seal.ts'

const ID_BYTES = 9

/** So many of the chains that were written to last are named by one that begins: more than run at a time. */
const NAMED = 64

/** A chain as far as it got. */
export interface Chain {
  readonly id: string
  /** The master key that its seals come from. */
  readonly kid: string
  readonly sealer: Sealer
  /** The chains before it, as far as they got when it began. */
  readonly after: string | undefined
  /** Number of its last line; 0: it has none yet. */
  readonly n: number
  /** What the last line shows of its seal. */
  readonly shown: string
  /** The other part, for the head. */
  readonly kept: string
}

/** A chain without lines. */
export function newChain(key: SealKey, heads: readonly Head[]): Chain {
  const named = heads.filter(({ n }) => n > 0 && n < Infinity).slice(0, NAMED)
  return {
    id: randomId(ID_BYTES),
    kid: key.kid,
    sealer: sealer(key),
    after: named.map(({ chain, n }) => `${chain}:${n}`).join(' ') || undefined,
    n: 0,
    shown: BEFORE_FIRST,
    kept: '',
  }
}

/** More than the seal and the place in a chain add to a line. */
const ADDED_BYTES = 128

/** The chain with these lines, which are given without their newlines, and what is to stand in the file. */
export function lengthened(
  chain: Chain,
  lines: readonly string[],
): { readonly chain: Chain; readonly bytes: Buffer } {
  let { n, shown, kept } = chain
  let length = 0
  for (const line of lines) length += line.length * MOST_UTF8 + ADDED_BYTES
  const bytes = Buffer.allocUnsafe(length)
  let end = 0
  for (const line of lines) {
    n += 1
    const seal = chain.sealer.seal(shown, coveredText(line, { chain: chain.id, n }))
    end += chain.sealer.copyTo(bytes, end)
    end += bytes.write(ending(seal), end, 'latin1')
    shown = seal.shown
    kept = seal.kept
  }
  return { chain: { ...chain, n, shown, kept }, bytes: bytes.subarray(0, end) }
}

/** The chains that the first line of a chain names, each with the number of a line that it had. */
export function namedChains(after: string): ReadonlyMap<string, number> {
  return new Map(
    [...after.matchAll(/(?<chain>[\w-]{12}):(?<n>\d+)/gu)].map(({ groups }) => [
      groups?.['chain'] ?? '',
      Number(groups?.['n']),
    ]),
  )
}
