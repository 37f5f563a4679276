import { anomalyDetector } from '../src/risk/anomaly/detector.ts'
import type { Measures } from '../src/risk/anomaly/features.ts'
import { LAYOUT, binOf, tallyOf } from '../src/risk/anomaly/histograms.ts'
import {
  type Profile,
  type Traits,
  age,
  countOpen,
  fail,
  freshProfile,
  learn,
  measure,
} from '../src/risk/anomaly/profile.ts'
import { nameHash } from '../src/risk/name-hash.ts'
import { regionOf } from '../src/risk/network-prefix.ts'
import { DAY } from './anomaly-commuters.ts'
import type { Happening } from './anomaly-simulation.ts'
import { halfSpaceTrees } from './half-space-trees.ts'
import { seededRandom } from './statistics.ts'

/** A way of finding anomalies. */
export interface Contestant {
  /** The score of a request, learnt then; nothing for whatever else happens, and while too little is known. */
  take(happening: Happening): number | undefined
}

const POLICY = { enabled: true, halfLife: 30 * DAY, warmUp: 20, retention: 0 }

const MAX_OWNERS = 100_000

/** What the server has. */
export function personalHistograms(): Contestant {
  const detector = anomalyDetector({ policy: () => POLICY, maxOwners: MAX_OWNERS, seed: 1 })
  return {
    take({ kind, sighting }): number | undefined {
      if (kind === 'failure') detector.failed(sighting)
      if (kind === 'opened') detector.began(sighting.owner, sighting.at)
      if (kind === 'ended') detector.ended(sighting.owner, sighting.at)
      if (kind !== 'request') return undefined
      const score = detector.look(sighting)?.score
      detector.learn(sighting)
      return score
    },
  }
}

/** The same features of the same profiles, given to one forest for everybody. */
export function forestForEverybody(): Contestant {
  const profiles = new Map<string, Profile>()
  const forest = halfSpaceTrees(LAYOUT.length, seededRandom(1))
  const failing = new Map<number, Profile['open']>()
  return {
    take({ kind, sighting }): number | undefined {
      const { owner, at } = sighting
      const profile = profiles.get(owner) ?? freshProfile(at)
      const traits = traitsOf(sighting)
      if (kind === 'opened') countOpen(profile, { at, by: 1 })
      if (kind === 'ended') countOpen(profile, { at, by: -1 })
      if (kind === 'failure') {
        const failures = failing.get(traits.network) ?? { value: 0, at }
        fail(failures, at)
        failing.set(traits.network, failures)
      }
      if (kind !== 'request') return undefined
      profiles.set(owner, profile)
      age(profile, at, POLICY.halfLife)
      const { value = 0, at: since = at } = failing.get(traits.network) ?? {}
      const networkFailures = value * Math.exp((since - at) / 3_600_000)
      const measures = measure(profile, traits, { warmUp: POLICY.warmUp, networkFailures })
      const vector = vectorOf(measures)
      const score = forest.score(vector)
      forest.learn(vector)
      learn(profile, traits, { measures, tally: tallyOf(measures) })
      return score
    },
  }
}

function traitsOf({ at, network, product = '', size }: Happening['sighting']): Traits {
  return {
    at,
    network: nameHash(network, 1),
    region: nameHash(regionOf(network), 1),
    product: nameHash(product, 1),
    size,
  }
}

function vectorOf(measures: Measures): number[] {
  return LAYOUT.map((histogram) => (binOf(histogram, measures) ?? 0) / (histogram.bins - 1))
}
