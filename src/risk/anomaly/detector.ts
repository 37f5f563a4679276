import { LRUCache } from 'lru-cache'
import type { Instant } from '../../core/clock.ts'
import { nameHash } from '../name-hash.ts'
import { regionOf } from '../network-prefix.ts'
import { type Fading, leftOf } from './fading.ts'
import { crowd } from './crowd.ts'
import { tallyOf } from './histograms.ts'
import type { AnomalyPolicy } from './policy.ts'
import {
  type MeasuringContext,
  type Profile,
  type Traits,
  HOUR,
  NOBODY,
  age,
  countOpen,
  fail,
  freshProfile,
  learn,
  measure,
} from './profile.ts'
import { type Surprise, surpriseOf } from './surprise.ts'

/** One authorised request. */
export interface Sighting {
  readonly at: Instant
  /** Whom it counts for: a user, or a network or session where no user is named. */
  readonly owner: string
  /** Prefix that it comes from. */
  readonly network: string
  /** Number of the autonomous system, where known. */
  readonly asn?: number
  readonly product?: string
  /** Bytes of the upload that it begins; absent: it goes on with one. */
  readonly size?: number
}

/** A wrong credential or proof. */
export interface Failure {
  readonly at: Instant
  readonly network: string
}

export interface DetectorNeeds {
  readonly policy: () => AnomalyPolicy
  /** Owners that are remembered, and networks whose failures are; the least lately seen are forgotten first. */
  readonly maxOwners: number
  /** Of the hashes that stand for names: a whole number of 32 bits that nobody knows. */
  readonly seed: number
}

/** Learns how owners behave, and tells what is unusual of them. */
export interface AnomalyDetector {
  /** Whether it does anything now: else nobody needs to make a sighting. */
  isOn(): boolean
  /** How surprising a request is; nothing while too little is known of anybody. Changes nothing. */
  look(sighting: Sighting): Surprise | undefined
  /** Takes note of a request that was let pass. */
  learn(sighting: Sighting): void
  failed(failure: Failure): void
  /** Takes note of an upload of the owner: one more is unfinished, or one less. */
  began(owner: string, at: Instant): void
  ended(owner: string, at: Instant): void
  /** How many owners are remembered. */
  owners(): number
}

/**
 * Histograms of every owner's requests, one for each feature, smoothed by those of everybody. That is HBOS (Goldstein, Dengel:
 * Histogram-based Outlier Score, KI 2012), streaming by counts that fade, and personal as in Freeman, Jain, Dürmuth, Biggio,
 * Giacinto: Who Are You? A Statistical Approach to Measuring User Authenticity, NDSS 2016. Keeps counts and seeded hashes, in
 * memory only, of the same size for every owner.
 */
export function anomalyDetector({ policy, maxOwners, seed }: DetectorNeeds): AnomalyDetector {
  const profiles = new LRUCache<string, Profile>({ max: maxOwners })
  const failing = new LRUCache<number, Fading>({ max: maxOwners })
  const everybody = crowd()

  function contextOf({ at, network }: Traits): MeasuringContext {
    const failures = failing.peek(network)
    const networkFailures = failures === undefined ? 0 : leftOf(failures, at, HOUR)
    return { warmUp: policy().warmUp, networkFailures }
  }

  function profileOf(owner: string, at: Instant): Profile {
    const found = profiles.get(owner)
    if (found !== undefined) return found
    const profile = freshProfile(at)
    profiles.set(owner, profile)
    return profile
  }

  function learnFrom(sighting: Sighting): void {
    const { at, owner } = sighting
    const { halfLife, retention } = policy()
    if (retention > 0) forgetBefore(profiles, at - retention)
    const profile = profileOf(owner, at)
    age(profile, at, halfLife)
    const traits = traitsOf(sighting, seed)
    const measures = measure(profile, traits, contextOf(traits))
    const tally = tallyOf(measures)
    learn(profile, traits, { measures, tally })
    everybody.learn(tally, { at, halfLife })
  }

  function noteFailure({ at, network }: Failure): void {
    const hash = nameHash(network, seed)
    const failures = failing.get(hash) ?? { value: 0, at }
    fail(failures, at)
    failing.set(hash, failures)
  }

  function noteUploads(owner: string, change: { readonly at: Instant; readonly by: 1 | -1 }): void {
    const profile = profiles.peek(owner)
    if (profile !== undefined) countOpen(profile, change)
  }

  return {
    isOn: () => policy().enabled,
    look(sighting): Surprise | undefined {
      if (!policy().enabled || !everybody.isKnown()) return undefined
      const profile = profiles.peek(sighting.owner)
      const traits = traitsOf(sighting, seed)
      const own = profile?.histograms ?? NOBODY.histograms
      const measures = measure(profile, traits, contextOf(traits))
      return surpriseOf(measures, { own, common: everybody.histograms })
    },
    learn: (sighting) => {
      if (policy().enabled) learnFrom(sighting)
    },
    failed: (failure) => {
      if (policy().enabled) noteFailure(failure)
    },
    began: (owner, at) => noteUploads(owner, { at, by: 1 }),
    ended: (owner, at) => noteUploads(owner, { at, by: -1 }),
    owners: () => profiles.size,
  }
}

function traitsOf({ at, network, asn, product = '', size }: Sighting, seed: number): Traits {
  return {
    at,
    network: nameHash(network, seed),
    region: nameHash(asn === undefined ? regionOf(network) : `AS${asn}`, seed),
    product: nameHash(product, seed),
    size,
  }
}

/** Forgets who was not seen since; the least lately seen come first. */
function forgetBefore(profiles: LRUCache<string, Profile>, since: Instant): void {
  for (const owner of profiles.rkeys()) {
    const profile = profiles.peek(owner)
    if (profile === undefined || profile.lastAt >= since) return
    profiles.delete(owner)
  }
}
