import type { Instant } from '../../core/clock.ts'
import { type Fading, addTo, leftOf } from './fading.ts'
import type { Measures } from './features.ts'
import { type Histograms, type Tally, count, fadeCounts, ownHistograms } from './histograms.ts'
import { type KnownNames, fade, isKnown, knownNames, meet } from './known-names.ts'

const MINUTE = 60_000
export const HOUR = 60 * MINUTE

/** Milliseconds in which requests count for the rate. */
const RATE_WINDOW = 10 * MINUTE

/** Fading is done at once for so many milliseconds. */
const FADING_STEP = HOUR

/** How far a network is that is neither the owner's nor near one of them. */
const ELSEWHERE = 2

/** What is remembered of one owner. Its size does not depend on what the owner does. */
export interface Profile {
  readonly histograms: Histograms
  readonly networks: KnownNames
  readonly regions: KnownNames
  readonly products: KnownNames
  readonly requests: Fading
  readonly bytes: Fading
  /** Requests from networks that were neither its own nor near them. */
  readonly elsewhere: Fading
  /** Requests that it has learnt from, fading as the histograms do. */
  learnt: number
  /** Unfinished uploads; they fade, since another process may learn of an end. */
  readonly open: Fading
  fadedAt: Instant
  lastAt: Instant
}

/** A request as a profile sees it: names by their hashes. */
export interface Traits {
  readonly at: Instant
  readonly network: number
  readonly region: number
  readonly product: number
  /** Bytes of the upload that it begins. */
  readonly size: number | undefined
}

export function freshProfile(at: Instant): Profile {
  return {
    histograms: ownHistograms(),
    networks: knownNames(16),
    regions: knownNames(8),
    products: knownNames(4),
    requests: { value: 0, at },
    bytes: { value: 0, at },
    elsewhere: { value: 0, at },
    learnt: 0,
    open: { value: 0, at },
    fadedAt: at,
    lastAt: at,
  }
}

/** Of whom nothing is known. */
export const NOBODY: Readonly<Profile> = freshProfile(0)

/** What measuring needs beside a profile. */
export interface MeasuringContext {
  /** Requests of an owner before a network or a client can be new to it. */
  readonly warmUp: number
  /** Wrong credentials and proofs from the request's network, fading. */
  readonly networkFailures: number
}

/** What a request is measured by, given what is known of its owner; changes nothing. */
export function measure(
  profile: Profile | undefined,
  traits: Traits,
  { warmUp, networkFailures }: MeasuringContext,
): Measures {
  const { at, size } = traits
  const { requests, bytes, open, learnt } = profile ?? NOBODY
  const newness = profile === undefined || learnt < warmUp ? UNKNOWN : newnessOf(profile, traits)
  return {
    size,
    volume: size === undefined ? undefined : leftOf(bytes, at, HOUR) + size,
    rate: leftOf(requests, at, RATE_WINDOW) + 1,
    concurrency: leftOf(open, at, HOUR),
    failures: networkFailures,
    hour: Math.floor(at / HOUR) % 24,
    network: newness.network,
    elsewhere: newness.elsewhere,
    product: newness.product,
  }
}

type Newness = Pick<Measures, 'network' | 'elsewhere' | 'product'>

const UNKNOWN: Newness = { network: undefined, elsewhere: undefined, product: undefined }

function newnessOf(profile: Profile, traits: Traits): Newness {
  const { at, product } = traits
  const network = distanceOf(profile, traits)
  return {
    network,
    elsewhere: network === ELSEWHERE ? leftOf(profile.elsewhere, at, HOUR) + 1 : 0,
    product: isKnown(profile.products, product, at) ? 0 : 1,
  }
}

function distanceOf({ networks, regions }: Profile, { at, network, region }: Traits): number {
  if (isKnown(networks, network, at)) return 0
  return isKnown(regions, region, at) ? 1 : ELSEWHERE
}

/** A request as it was measured, and what that counts for. */
export interface Measured {
  readonly measures: Measures
  readonly tally: Tally
}

/** Takes note of a request. */
export function learn(profile: Profile, traits: Traits, { measures, tally }: Measured): void {
  const { at: now, size } = traits
  count(profile.histograms, tally)
  meet(profile.networks, traits.network, now)
  meet(profile.regions, traits.region, now)
  meet(profile.products, traits.product, now)
  addTo(profile.requests, 1, { now, constant: RATE_WINDOW })
  if (measures.network === ELSEWHERE) addTo(profile.elsewhere, 1, { now, constant: HOUR })
  if (size !== undefined) addTo(profile.bytes, size, { now, constant: HOUR })
  profile.learnt += 1
  profile.lastAt = Math.max(profile.lastAt, now)
}

/** Takes note of an upload that began or ended. */
export function countOpen(
  { open }: Profile,
  { at: now, by }: { readonly at: Instant; readonly by: 1 | -1 },
): void {
  addTo(open, by, { now, constant: HOUR })
  open.value = Math.max(0, open.value)
}

/** Takes note of a wrong credential or proof. */
export function fail(failures: Fading, now: Instant): void {
  addTo(failures, 1, { now, constant: HOUR })
}

/** Lets what was learnt lose half of its weight in every half-life, in milliseconds. */
export function age(profile: Profile, now: Instant, halfLife: number): void {
  const factor = fadingSince(profile.fadedAt, now, halfLife)
  if (factor === 1) return
  profile.fadedAt = now
  profile.learnt *= factor
  fadeCounts(profile.histograms, factor)
  fade(profile.networks, factor)
  fade(profile.regions, factor)
  fade(profile.products, factor)
}

/** By what counts fade; 1 while it is too early to. */
export function fadingSince(since: Instant, now: Instant, halfLife: number): number {
  return now - since < FADING_STEP ? 1 : 2 ** ((since - now) / halfLife)
}
