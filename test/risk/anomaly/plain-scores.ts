import type { AnomalyDetector, Failure, Sighting } from '../../../src/risk/anomaly/detector.ts'
import type { Feature, FeatureKind } from '../../../src/risk/anomaly/features.ts'
import type { Surprise } from '../../../src/risk/anomaly/surprise.ts'

const HOUR = 3_600_000
const TEN_MINUTES = HOUR / 6

/** Of each feature: how many bins, and what it tells of. */
const SHAPES: readonly (readonly [Feature, number, FeatureKind])[] = [
  ['size', 24, 'amount'],
  ['volume', 28, 'amount'],
  ['rate', 16, 'pace'],
  ['concurrency', 12, 'pace'],
  ['hour', 24, 'time'],
  ['network', 3, 'origin'],
  ['elsewhere', 16, 'origin'],
  ['product', 2, 'client'],
  ['failures', 12, 'failure'],
]

type Bins = ReadonlyMap<Feature, number>

/** What is known of the names that somebody uses. */
type Names = { name: string; weight: number; since: number }[]

type Amount = { value: number; at: number }

interface Person {
  readonly counts: Map<Feature, number[]>
  readonly networks: Names
  readonly regions: Names
  readonly products: Names
  readonly requests: Amount
  readonly bytes: Amount
  readonly elsewhere: Amount
  readonly open: Amount
  learnt: number
  fadedAt: number
}

interface Habits {
  readonly halfLife: number
  readonly warmUp: number
}

/**
 * The scores of `docs/detection.md` in the plainest way, as lists of numbers that are summed anew each time: slow, but easily seen to
 * be what is meant. Counts of owners are of single precision, as the detector keeps them.
 */
export function plainScores({
  halfLife,
  warmUp,
}: Habits): Pick<AnomalyDetector, 'look' | 'learn' | 'failed' | 'began' | 'ended'> {
  const people = new Map<string, Person>()
  const failing = new Map<string, Amount>()
  const common = noCounts()
  let learnt = 0
  let fadedAt: number | undefined

  function measured(sighting: Sighting, person: Person | undefined): { bins: Bins; rate: number } {
    const { at, size, network, product = '' } = sighting
    const rate = left(person?.requests, at, TEN_MINUTES) + 1
    const bins = new Map<Feature, number>([
      ['rate', Math.floor(2 * Math.log2(rate))],
      ['concurrency', doublings(1 + left(person?.open, at, HOUR))],
      ['hour', new Date(at).getUTCHours()],
      ['failures', doublings(1 + left(failing.get(network), at, HOUR))],
    ])
    if (size !== undefined) {
      bins.set('size', doublings(size / 1024))
      bins.set('volume', doublings((left(person?.bytes, at, HOUR) + size) / 1024))
    }
    if (person !== undefined && person.learnt >= warmUp) {
      const distance = distanceOf(person, sighting)
      const elsewhere = distance === 2 ? left(person.elsewhere, at, HOUR) + 1 : 0
      bins.set('network', distance)
      bins.set('elsewhere', Math.floor(2 * Math.log2(1 + elsewhere)))
      bins.set('product', isSettled(person.products, product, at) ? 0 : 1)
    }
    for (const [feature, most] of SHAPES) {
      const bin = bins.get(feature)
      if (bin !== undefined) bins.set(feature, Math.min(bin, most - 1))
    }
    return { bins, rate }
  }

  return {
    look(sighting): Surprise | undefined {
      if (learnt < 200) return undefined
      const person = people.get(sighting.owner)
      return judged(measured(sighting, person).bins, person?.counts ?? noCounts(), common)
    },
    learn(sighting): void {
      const { at, owner, network, product = '', size } = sighting
      const person = people.get(owner) ?? somebody(at)
      people.set(owner, person)
      if (at - person.fadedAt >= HOUR) fade(person, 2 ** ((person.fadedAt - at) / halfLife), at)
      const { bins, rate } = measured(sighting, person)
      if (bins.get('network') === 2) add(person.elsewhere, 1, { at, constant: HOUR })
      note(person.counts, bins, { weight: 1 / rate, round: Math.fround })
      meet(person.networks, 16, { name: network, at })
      meet(person.regions, 8, { name: regionOf(sighting), at })
      meet(person.products, 4, { name: product, at })
      add(person.requests, 1, { at, constant: TEN_MINUTES })
      if (size !== undefined) add(person.bytes, size, { at, constant: HOUR })
      person.learnt += 1

      fadedAt ??= at
      if (at - fadedAt >= HOUR) {
        const factor = 2 ** ((fadedAt - at) / halfLife)
        learnt *= factor
        for (const [feature, counts] of common) common.set(feature, scaled(counts, factor))
        fadedAt = at
      }
      note(common, bins, { weight: 1 / rate, round: Number })
      learnt += 1
    },
    failed({ network, at }: Failure): void {
      const failures = failing.get(network) ?? { value: 0, at }
      add(failures, 1, { at, constant: HOUR })
      failing.set(network, failures)
    },
    began: (owner, at) => opened(people.get(owner), at, 1),
    ended: (owner, at) => opened(people.get(owner), at, -1),
  }
}

function judged(
  bins: Bins,
  own: ReadonlyMap<Feature, readonly number[]>,
  common: ReadonlyMap<Feature, readonly number[]>,
): Surprise {
  const best = new Map<FeatureKind, number>()
  const features: { feature: Feature; bits: number }[] = []
  for (const [feature, , kind] of SHAPES) {
    const bin = bins.get(feature)
    if (bin === undefined) continue
    const joined = joinedCounts(own.get(feature) ?? [], common.get(feature) ?? [])
    const unusual = joined.filter((weight, at) =>
      feature === 'hour' ? weight <= (joined[bin] ?? 0) : at >= bin,
    )
    const bits = Math.log2(sum(joined) / sum(unusual))
    if (bits < 1) continue
    features.push({ feature, bits })
    best.set(kind, Math.max(best.get(kind) ?? 0, bits))
  }
  const upTo = (kind: FeatureKind, most: number): number => Math.min(best.get(kind) ?? 0, most)
  const somebodyElse = [
    upTo('origin', 8),
    upTo('client', 8),
    upTo('failure', 8),
    upTo('time', 1),
    upTo('pace', 7),
  ]
  const tooMuch = (upTo('amount', 13) + upTo('pace', 6)) * (3 / 4)
  const score = Math.max(sum(somebodyElse), tooMuch)
  return { score, features: features.toSorted((a, b) => b.bits - a.bits) }
}

/** Eight requests of everybody count with those of the owner, and of one of everybody each bin has a share. */
function joinedCounts(own: readonly number[], common: readonly number[]): number[] {
  const trust = 8 / (sum(common) + 1)
  return common.map((count, at) => (own[at] ?? 0) + trust * (count + 1 / common.length))
}

function noCounts(): Map<Feature, number[]> {
  return new Map(SHAPES.map(([feature, bins]) => [feature, Array.from({ length: bins }, () => 0)]))
}

function note(
  counts: ReadonlyMap<Feature, number[]>,
  bins: Bins,
  { weight, round }: { weight: number; round: (value: number) => number },
): void {
  for (const [feature, bin] of bins) {
    const all = counts.get(feature) ?? []
    const give = (at: number, share: number): void => {
      all[at] = round((all[at] ?? 0) + share)
    }
    if (feature !== 'hour') {
      give(bin, weight)
      continue
    }
    give(bin, weight / 2)
    give((bin + 1) % 24, weight / 4)
    give((bin + 23) % 24, weight / 4)
  }
}

function somebody(at: number): Person {
  const nothing = (): Amount => ({ value: 0, at })
  return {
    counts: noCounts(),
    networks: [],
    regions: [],
    products: [],
    requests: nothing(),
    bytes: nothing(),
    elsewhere: nothing(),
    open: nothing(),
    learnt: 0,
    fadedAt: at,
  }
}

function fade(person: Person, factor: number, at: number): void {
  person.fadedAt = at
  person.learnt *= factor
  for (const [feature, counts] of person.counts) {
    person.counts.set(feature, scaled(counts, factor).map(Math.fround))
  }
  for (const names of [person.networks, person.regions, person.products]) {
    for (const each of names) {
      const weight = Math.fround(each.weight * factor)
      each.weight = each.weight * factor < 0.1 ? 0 : weight
    }
  }
}

/** Places of forgotten names are taken first, then that of the one that was met least. */
function meet(
  names: Names,
  most: number,
  { name, at }: { readonly name: string; readonly at: number },
): void {
  const known = names.find((each) => each.weight > 0 && each.name === name)
  if (known !== undefined) {
    known.weight = Math.fround(known.weight + 1)
    return
  }
  const fresh = { name, weight: 1, since: at }
  const weights = Array.from({ length: most }, (_, place) => names[place]?.weight ?? 0)
  names[weights.indexOf(Math.min(...weights))] = fresh
}

function isSettled(names: Names, name: string, at: number): boolean {
  const known = names.find((each) => each.weight > 0 && each.name === name)
  return known !== undefined && at - known.since >= HOUR
}

function distanceOf({ networks, regions }: Person, sighting: Sighting): 0 | 1 | 2 {
  const { network, at } = sighting
  if (isSettled(networks, network, at)) return 0
  return isSettled(regions, regionOf(sighting), at) ? 1 : 2
}

function opened(person: Person | undefined, at: number, by: 1 | -1): void {
  if (person === undefined) return
  add(person.open, by, { at, constant: HOUR })
  person.open.value = Math.max(0, person.open.value)
}

function left(amount: Amount | undefined, now: number, constant: number): number {
  return amount === undefined
    ? 0
    : amount.value * Math.exp(-Math.max(0, now - amount.at) / constant)
}

function add(
  amount: Amount,
  more: number,
  { at, constant }: { readonly at: number; readonly constant: number },
): void {
  amount.value = left(amount, at, constant) + more
  amount.at = Math.max(amount.at, at)
}

/** /16 of IPv4, /32 of IPv6, unless the autonomous system is known. */
function regionOf({ network, asn }: Sighting): string {
  if (asn !== undefined) return `AS${asn}`
  const [address = ''] = network.split('/')
  const separator = address.includes(':') ? ':' : '.'
  return address.split(separator).slice(0, 2).join(separator)
}

function doublings(value: number): number {
  return value < 1 ? 0 : Math.floor(Math.log2(value))
}

function scaled(values: readonly number[], factor: number): number[] {
  return values.map((value) => value * factor)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
