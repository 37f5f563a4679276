import { FEATURES, type Feature, type FeatureKind, type Measures } from './features.ts'

/** Every feature, in the order of the table. */
const FEATURE_NAMES: readonly Feature[] = Object.keys(FEATURES).filter((word) => isFeature(word))

function isFeature(word: string): word is Feature {
  return Object.hasOwn(FEATURES, word)
}

/** The histogram of a feature. */
interface Histogram {
  readonly feature: Feature
  readonly kind: FeatureKind
  readonly bins: number
  readonly side: 'rare' | 'high'
  readonly bin: (measures: Measures) => number | undefined
  /** Where it begins, since all of them lie in one array. */
  readonly start: number
}

/** The histograms of all features, in the order of the table. */
export const LAYOUT: readonly Histogram[] = FEATURE_NAMES.map((feature, at) => {
  const { kind, bins, side, bin } = FEATURES[feature]
  return { feature, kind, bins, side, bin, start: binsIn(FEATURE_NAMES.slice(0, at)) }
})

const ALL_BINS = binsIn(FEATURE_NAMES)

/** So many requests of everybody count with the owner's own: what is rare in a short history may be common. */
const BORROWED = 8

/** So much of one request is spread over the values that nobody ever had. */
const UNSEEN = 1

/** One histogram for each feature, as counts that fade. */
export type Histograms = Float32Array | Float64Array

/** What a request counts for. */
export interface Tally {
  /** The bin of each feature, in the order of the table; nothing if the request does not have the feature. */
  readonly bins: readonly (number | undefined)[]
  readonly weight: number
}

/** Empty histograms of one owner. */
export function ownHistograms(): Histograms {
  return new Float32Array(ALL_BINS)
}

/** Empty histograms of everybody, whose counts grow larger than single precision tells apart. */
export function commonHistograms(): Histograms {
  return new Float64Array(ALL_BINS)
}

/** What a request counts for; those of one burst together count little more than one. */
export function tallyOf(measures: Measures): Tally {
  return { bins: LAYOUT.map((histogram) => binOf(histogram, measures)), weight: 1 / measures.rate }
}

/** The bin of a request; nothing if it does not have the feature. */
export function binOf({ bin, bins }: Histogram, measures: Measures): number | undefined {
  const at = bin(measures)
  return at === undefined ? undefined : Math.min(at, bins - 1)
}

/** Counts a request. */
export function count(histograms: Histograms, { bins: met, weight }: Tally): void {
  for (let number = 0; number < LAYOUT.length; number += 1) {
    const histogram = LAYOUT[number]
    const at = met[number]
    if (histogram === undefined || at === undefined) continue
    const { bins, side, start } = histogram
    if (side === 'high') {
      add(histograms, start + at, weight)
      continue
    }
    // Hours do not begin sharply.
    add(histograms, start + at, weight / 2)
    add(histograms, start + ((at + 1) % bins), weight / 4)
    add(histograms, start + ((at + bins - 1) % bins), weight / 4)
  }
}

function add(histograms: Histograms, place: number, weight: number): void {
  histograms[place] = (histograms[place] ?? 0) + weight
}

/** What is known of the owner, and of everybody. */
export interface Known {
  readonly own: Histograms
  readonly common: Histograms
}

/**
 * How surprising a bin of a histogram is, in bits: −log₂ of the share of requests that are as unusual or more so, by the
 * owner's own histogram joined with everybody's. 0 if it is less than one bit.
 */
export function bitsOf({ bins, side, start }: Histogram, at: number, known: Known): number {
  const span = { start, at: start + at, end: start + bins }
  return side === 'high' ? bitsFrom(span, known) : bitsOfRare(span, known)
}

/** Places in the array of histograms: of one of them, and of a bin of it. */
interface Span {
  readonly start: number
  readonly at: number
  readonly end: number
}

/** Of a bin and all higher ones. */
function bitsFrom({ start, at, end }: Span, { own, common }: Known): number {
  // Nothing is lower, so everything is as high.
  if (at === start) return 0
  let ownLower = 0
  let ownAbove = 0
  let commonLower = 0
  let commonAbove = 0
  for (let place = start; place < at; place += 1) {
    ownLower += own[place] ?? 0
    commonLower += common[place] ?? 0
  }
  for (let place = at; place < end; place += 1) {
    ownAbove += own[place] ?? 0
    commonAbove += common[place] ?? 0
  }
  const unseenAbove = (UNSEEN * (end - at)) / (end - start)
  const trust = trustIn(commonLower + commonAbove)
  const unusual = ownAbove + trust * (commonAbove + unseenAbove)
  // Over all bins, what everybody and nobody did sums up to what is borrowed.
  return bitsOfShare(unusual, ownLower + ownAbove + BORROWED)
}

/** Of a bin and all that are as rare. */
function bitsOfRare({ start, at, end }: Span, { own, common }: Known): number {
  let commonTotal = 0
  for (let place = start; place < end; place += 1) commonTotal += common[place] ?? 0
  const trust = trustIn(commonTotal)
  const unseen = UNSEEN / (end - start)
  const met = (own[at] ?? 0) + trust * ((common[at] ?? 0) + unseen)
  let unusual = 0
  let total = 0
  for (let place = start; place < end; place += 1) {
    const weight = (own[place] ?? 0) + trust * ((common[place] ?? 0) + unseen)
    total += weight
    if (weight <= met) unusual += weight
  }
  return bitsOfShare(unusual, total)
}

/** −log₂ of a share, from one bit on. */
function bitsOfShare(part: number, total: number): number {
  return total < 2 * part ? 0 : Math.log2(total / part)
}

/** What a request of everybody counts beside one of the owner's; the less of these, the more everybody's say. */
function trustIn(commonTotal: number): number {
  return BORROWED / (commonTotal + UNSEEN)
}

/** Lets all counts fade by a factor. */
export function fadeCounts(histograms: Histograms, factor: number): void {
  for (let at = 0; at < histograms.length; at += 1) histograms[at] = (histograms[at] ?? 0) * factor
}

function binsIn(features: readonly Feature[]): number {
  return features.reduce((total, feature) => total + FEATURES[feature].bins, 0)
}
