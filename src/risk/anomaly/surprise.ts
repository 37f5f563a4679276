import type { Feature, FeatureKind, Measures } from './features.ts'
import { type Known, LAYOUT, binOf, bitsOf } from './histograms.ts'

/** How surprising a request is. */
export interface Surprise {
  /** Bits, of whichever suspicion is the stronger one. */
  readonly score: number
  /** What made it so, the most surprising first; at least a bit each. */
  readonly features: readonly Contribution[]
}

export interface Contribution {
  readonly feature: Feature
  readonly bits: number
}

interface Suspicion {
  readonly weight: number
  /** The bits that each kind of features is worth at most. */
  readonly most: Readonly<Record<FeatureKind, number>>
}

/**
 * What an anomaly may be, each with what speaks for it. What honest people do now and then, all at once, is bounded: somebody with
 * a new phone on a journey is no thief, an album of photos no exfiltration, and neither is one huge video. Sizes and pace are not
 * independent and their tails are long, so their sum is worth three quarters.
 */
const SUSPICIONS: readonly Suspicion[] = [
  { weight: 1, most: { amount: 0, pace: 7, time: 1, origin: 8, client: 8, failure: 8 } },
  { weight: 3 / 4, most: { amount: 13, pace: 6, time: 0, origin: 0, client: 0, failure: 0 } },
]

/** How surprising what was measured is, by the owner's own histograms and those of everybody. */
export function surpriseOf(measures: Measures, known: Known): Surprise {
  const features: Contribution[] = []
  const best = { amount: 0, pace: 0, time: 0, origin: 0, client: 0, failure: 0 }
  for (const histogram of LAYOUT) {
    const { feature, kind } = histogram
    const at = binOf(histogram, measures)
    const bits = at === undefined ? 0 : bitsOf(histogram, at, known)
    if (bits === 0) continue
    best[kind] = Math.max(best[kind], bits)
    insert(features, { feature, bits })
  }
  let score = 0
  for (const suspicion of SUSPICIONS) score = Math.max(score, weighed(best, suspicion))
  return { score, features }
}

/** Puts it behind all that are as surprising. */
function insert(features: Contribution[], contribution: Contribution): void {
  let at = features.length
  for (; at > 0; at -= 1) {
    const before = features[at - 1]
    if (before === undefined || before.bits >= contribution.bits) break
    features[at] = before
  }
  features[at] = contribution
}

function weighed(
  best: Readonly<Record<FeatureKind, number>>,
  { weight, most: { amount, pace, time, origin, client, failure } }: Suspicion,
): number {
  return (
    weight *
    (Math.min(best.amount, amount) +
      Math.min(best.pace, pace) +
      Math.min(best.time, time) +
      Math.min(best.origin, origin) +
      Math.min(best.client, client) +
      Math.min(best.failure, failure))
  )
}
