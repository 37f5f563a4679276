import { FEATURES, type Feature, type FeatureKind, type Measures } from './features.ts'
import { FEATURE_NAMES, type Histograms, bitsOf } from './histograms.ts'

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
  readonly most: Readonly<Partial<Record<FeatureKind, number>>>
}

/**
 * What an anomaly may be, each with what speaks for it. What honest people do now and then, all at once, is bounded: somebody with
 * a new phone on a journey is no thief, an album of photos no exfiltration. Sizes and pace are not independent and their tails
 * are long, so their sum is worth two thirds.
 */
const SUSPICIONS: readonly Suspicion[] = [
  { weight: 1, most: { origin: 6, client: 8, time: 2, failure: 8, pace: 8 } },
  { weight: 2 / 3, most: { amount: 20, pace: 8 } },
]

/** How surprising what was measured is, by the owner's own histograms and those of everybody. */
export function surpriseOf(
  measures: Measures,
  histograms: { readonly own: Histograms; readonly common: Histograms },
): Surprise {
  const features: Contribution[] = []
  const best: Partial<Record<FeatureKind, number>> = {}
  for (const feature of FEATURE_NAMES) {
    const bits = bitsOf(feature, measures, histograms)
    if (bits < 1) continue
    const { kind } = FEATURES[feature]
    best[kind] = Math.max(best[kind] ?? 0, bits)
    features.push({ feature, bits })
  }
  const score = Math.max(...SUSPICIONS.map((suspicion) => weighed(best, suspicion)))
  return { score, features: features.toSorted((a, b) => b.bits - a.bits) }
}

function weighed(
  best: Readonly<Partial<Record<FeatureKind, number>>>,
  { weight, most }: Suspicion,
): number {
  let total = 0
  for (const kind of KINDS) total += Math.min(best[kind] ?? 0, most[kind] ?? 0)
  return weight * total
}

const KINDS: readonly FeatureKind[] = ['amount', 'pace', 'time', 'origin', 'client', 'failure']
