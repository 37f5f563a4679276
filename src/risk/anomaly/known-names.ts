import type { Instant } from '../../core/clock.ts'

/** Milliseconds until a name is known: a thief's network does not become the owner's by a few requests in a row. */
const SETTLING = 3_600_000

/** Names seen less than this, after fading, are forgotten. */
const LEAST_WEIGHT = 0.1

/** The few names that are met again and again, by their hashes. */
export interface KnownNames {
  readonly hashes: Uint32Array
  readonly weights: Float32Array
  /** When each was first seen. */
  readonly since: Float64Array
}

export function knownNames(most: number): KnownNames {
  return {
    hashes: new Uint32Array(most),
    weights: new Float32Array(most),
    since: new Float64Array(most),
  }
}

/** Whether the name was first seen an hour ago or earlier. */
export function isKnown(names: KnownNames, hash: number, now: Instant): boolean {
  const at = placeOf(names, hash)
  return at !== -1 && now - (names.since[at] ?? now) >= SETTLING
}

/** Notes the name once more; a new one takes the place of the one that was met least. */
export function meet(names: KnownNames, hash: number, now: Instant): void {
  const { hashes, weights, since } = names
  const at = placeOf(names, hash)
  if (at !== -1) {
    weights[at] = (weights[at] ?? 0) + 1
    return
  }
  const place = leastOf(weights)
  hashes[place] = hash
  weights[place] = 1
  since[place] = now
}

/** Where the name stands; -1 if it is not there, or was forgotten. */
function placeOf({ hashes, weights }: KnownNames, hash: number): number {
  for (let at = 0; at < hashes.length; at += 1) {
    if (hashes[at] === hash && (weights[at] ?? 0) > 0) return at
  }
  return -1
}

function leastOf(weights: Float32Array): number {
  let least = 0
  for (let at = 1; at < weights.length; at += 1) {
    if ((weights[at] ?? 0) < (weights[least] ?? 0)) least = at
  }
  return least
}

/** Lets all of them fade by a factor. */
export function fade({ weights }: KnownNames, factor: number): void {
  for (let at = 0; at < weights.length; at += 1) {
    const left = (weights[at] ?? 0) * factor
    weights[at] = left < LEAST_WEIGHT ? 0 : left
  }
}
