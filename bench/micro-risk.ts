import { systemClock } from '../src/core/clock.ts'
import { assess, type Observation, type Snapshot } from '../src/risk/assess.ts'
import type { RiskEvents } from '../src/risk/events.ts'
import type { Place } from '../src/risk/place.ts'
import { openPlaces } from '../src/risk/places.ts'
import type { RiskPolicy } from '../src/risk/policy.ts'
import { grantOnTwoNetworks } from '../src/risk/threats/grant-on-two-networks.ts'
import { COUNTRY_DATABASE } from '../test/risk/country-database.ts'
import type { MicroCase } from './micro.ts'
import { seededRandom } from './statistics.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Clients that take turns, so that no call repeats the one before. */
const CLIENTS = 1024

const POLICY: RiskPolicy = {
  enhancedSecurity: true,
  challengeOnNetworkChange: true,
  reauthOnLongStandby: true,
  standbyThreshold: 30 * MINUTE,
  longStandbyThreshold: 2 * HOUR,
  networkChangeLimit: 3,
  networkChangeWindow: HOUR,
  countryChange: 'challenge',
  maxSpeedKmh: 1_000,
  level2Score: 13,
  level3Score: 15,
  threatEffects: {
    'grant-on-two-networks': 'off',
    'session-in-two-countries': 'off',
    'failing-proofs': 'off',
    'uploads-deleted-for-abuse': 'off',
  },
}

/** A client about which everything is known that can be, and a request of it from anywhere. */
function knownClient(random: () => number): [Snapshot, Observation] {
  const now = systemClock()
  const network = (): string => `192.0.${Math.floor(random() * 16)}.0/24`
  const product = (): string => (random() < 0.9 ? 'Conversations' : 'curl')
  const recent = (): number => now - random() * 3 * HOUR
  const place = (): Place => ({
    country: random() < 0.5 ? 'DE' : 'FR',
    latitude: random() * 180 - 90,
    longitude: random() * 360 - 180,
    accuracy: 100,
  })
  const before = {
    lastActiveAt: recent(),
    network: network(),
    product: product(),
    proven: Array.from({ length: 8 }, network),
    unprovedChanges: Array.from({ length: 8 }, recent),
    place: place(),
  }
  return [before, { at: now, network: network(), product: product(), place: place() }]
}

const DECISION: MicroCase = {
  name: 'level of a request',
  limit: 20,
  prepare: async () => {
    const random = seededRandom(1)
    const clients = Array.from({ length: CLIENTS }, () => knownClient(random))
    return {
      call(index): unknown {
        const client = clients[index % CLIENTS]
        return client && assess(...client, POLICY)
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

const IGNORED: RiskEvents = { placesReloaded() {}, placesRefused() {} }

const LOOKUP: MicroCase = {
  name: 'country of an address',
  prepare: async () => {
    const places = await openPlaces({ cityDatabase: COUNTRY_DATABASE }, IGNORED)
    const random = seededRandom(1)
    const byte = (): number => Math.floor(random() * 256)
    const addresses = Array.from({ length: CLIENTS }, () =>
      [byte(), byte(), byte(), byte()].join('.'),
    )
    return {
      call: (index) => places.find(addresses[index % CLIENTS] ?? ''),
      [Symbol.asyncDispose]: async () => await places[Symbol.asyncDispose](),
    }
  },
}

const USE: MicroCase = {
  name: 'use of a slot, looked at for two networks',
  limit: 20,
  prepare: async () => {
    const rule = grantOnTwoNetworks(CLIENTS)
    const limits = { returns: 2, returnWithin: 5_000, window: MINUTE }
    const now = systemClock()
    return {
      call: (index) =>
        rule.used(
          { slot: `slot ${index % CLIENTS}`, network: `192.0.${index % 16}.0/24`, at: now + index },
          limits,
        ),
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

/** What suspicion costs a request. */
export const RISK_CASES: readonly MicroCase[] = [DECISION, LOOKUP, USE]
