import { FEATURES, type Feature, type Measures } from './features.ts'

/** Every feature, in the order of the table. */
export const FEATURE_NAMES: readonly Feature[] = Object.keys(FEATURES).filter((word) =>
  isFeature(word),
)

function isFeature(word: string): word is Feature {
  return Object.hasOwn(FEATURES, word)
}

/** Where the histogram of each feature begins, since all of them lie in one array. */
const STARTS: ReadonlyMap<Feature, number> = new Map(
  FEATURE_NAMES.map((name, at) => [name, sum(FEATURE_NAMES.slice(0, at).map(binsOf))]),
)

const ALL_BINS = sum(FEATURE_NAMES.map(binsOf))

/** So many requests of everybody count with the owner's own: what is rare in a short history may be common. */
const BORROWED = 8

/** So much of one request is spread over the values that nobody ever had. */
const UNSEEN = 1

/** One histogram for each feature, as counts that fade. */
export type Histograms = Float32Array | Float64Array

/** Empty histograms of one owner. */
export function ownHistograms(): Histograms {
  return new Float32Array(ALL_BINS)
}

/** Empty histograms of everybody, whose counts grow larger than single precision tells apart. */
export function commonHistograms(): Histograms {
  return new Float64Array(ALL_BINS)
}

/** Counts a request; those of one burst together count little more than one. */
export function count(histograms: Histograms, measures: Measures): void {
  const weight = 1 / measures.rate
  for (const name of FEATURE_NAMES) {
    const at = binOf(name, measures)
    if (at === undefined) continue
    if (FEATURES[name].side === 'high') add(histograms, name, { at, weight })
    else countAround(histograms, name, { at, weight })
  }
}

/** Hours do not begin sharply. */
function countAround(histograms: Histograms, name: Feature, { at, weight }: Met): void {
  const { bins } = FEATURES[name]
  add(histograms, name, { at, weight: weight / 2 })
  add(histograms, name, { at: (at + 1) % bins, weight: weight / 4 })
  add(histograms, name, { at: (at + bins - 1) % bins, weight: weight / 4 })
}

interface Met {
  readonly at: number
  readonly weight: number
}

function add(histograms: Histograms, name: Feature, { at, weight }: Met): void {
  const place = startOf(name) + at
  histograms[place] = (histograms[place] ?? 0) + weight
}

/**
 * How surprising a request is by one feature, in bits: −log₂ of the share of requests that are as unusual or more so, by the
 * owner's own histogram joined with everybody's. 0 if the request does not have the feature.
 */
export function bitsOf(
  name: Feature,
  measures: Measures,
  { own, common }: { readonly own: Histograms; readonly common: Histograms },
): number {
  const at = binOf(name, measures)
  if (at === undefined) return 0
  const { bins, side } = FEATURES[name]
  // Nothing is lower, so everything is as high.
  if (side === 'high' && at === 0) return 0
  const start = startOf(name)
  // What is usual with an owner of whom nothing is known is what is usual with everybody.
  const trust = BORROWED / (totalOf(common, start, bins) + UNSEEN)
  const unseen = UNSEEN / bins
  const met = (own[start + at] ?? 0) + trust * ((common[start + at] ?? 0) + unseen)
  let unusual = 0
  let total = 0
  for (let bin = 0; bin < bins; bin += 1) {
    const weight = (own[start + bin] ?? 0) + trust * ((common[start + bin] ?? 0) + unseen)
    total += weight
    if (side === 'high' ? bin >= at : weight <= met) unusual += weight
  }
  return Math.max(0, Math.log2(total / unusual))
}

/** Lets all counts fade by a factor. */
export function fadeCounts(histograms: Histograms, factor: number): void {
  for (let at = 0; at < histograms.length; at += 1) histograms[at] = (histograms[at] ?? 0) * factor
}

function binOf(name: Feature, measures: Measures): number | undefined {
  const { bin, bins } = FEATURES[name]
  const at = bin(measures)
  return at === undefined ? undefined : Math.min(at, bins - 1)
}

function totalOf(histograms: Histograms, start: number, bins: number): number {
  let total = 0
  for (let at = start; at < start + bins; at += 1) total += histograms[at] ?? 0
  return total
}

function startOf(name: Feature): number {
  return STARTS.get(name) ?? 0
}

function binsOf(name: Feature): number {
  return FEATURES[name].bins
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
