import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  assess,
  type Assessment,
  type Observation,
  type Reason,
  REASONS,
  type SecurityLevel,
  type Snapshot,
} from '../../src/risk/assess.ts'
import type { Place } from '../../src/risk/place.ts'
import type { RiskPolicy } from '../../src/risk/policy.ts'
import { type Effect, PATTERNS } from '../../src/risk/threats/pattern.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.UTC(2026, 0, 1)

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

const HOME = '192.0.2.0/24'
const TRAIN = '198.51.100.0/24'
const BERLIN: Place = { country: 'DE', latitude: 52.52, longitude: 13.4 }
const LISBON: Place = { country: 'PT', latitude: 38.72, longitude: -9.14 }

const BEFORE: Snapshot = {
  lastActiveAt: NOW - MINUTE,
  network: HOME,
  product: 'Conversations',
  proven: [],
  unprovedChanges: [],
}

const SAME: Observation = { at: NOW, network: HOME, product: 'Conversations' }
const MOVED: Observation = { ...SAME, network: TRAIN }

function changesAgo(...minutes: number[]): number[] {
  return minutes.map((ago) => NOW - ago * MINUTE)
}

/** What each case comes to with the documents' thresholds. */
const CASES: readonly {
  readonly claim: string
  readonly before?: Partial<Snapshot> | 'nothing'
  readonly now?: Partial<Observation>
  readonly policy?: Partial<RiskPolicy>
  readonly expected: Assessment
}[] = [
  {
    claim: 'a pattern that was found asks for the level that the operator gave it',
    now: { threats: ['grant-on-two-networks', 'failing-proofs'] },
    policy: {
      threatEffects: {
        ...POLICY.threatEffects,
        'grant-on-two-networks': 'level3',
        'failing-proofs': 'level2',
      },
    },
    expected: at(3, 'grant-on-two-networks', 'failing-proofs'),
  },
  {
    claim: 'a pattern that is only told, or is not looked for any more, asks for nothing',
    now: { threats: ['grant-on-two-networks', 'failing-proofs'] },
    policy: { threatEffects: { ...POLICY.threatEffects, 'failing-proofs': 'watch' } },
    expected: at(1),
  },
  {
    claim: 'the first request of a client is level 1',
    before: 'nothing',
    now: MOVED,
    expected: at(1),
  },
  { claim: 'a request like the one before is level 1', expected: at(1) },
  { claim: 'another network is level 2', now: MOVED, expected: at(2, 'network-changed') },
  {
    claim: 'a network that was proved is no change, whatever else is different there',
    before: { proven: [TRAIN], place: BERLIN },
    now: { ...MOVED, product: 'curl', place: LISBON },
    expected: at(1),
  },
  {
    claim: '30 minutes without a request are not yet standby',
    before: { lastActiveAt: NOW - 30 * MINUTE },
    expected: at(1),
  },
  {
    claim: 'more than 30 minutes without a request are level 2',
    before: { lastActiveAt: NOW - 30 * MINUTE - 1 },
    expected: at(2, 'standby'),
  },
  {
    claim: 'more than two hours without a request are level 3',
    before: { lastActiveAt: NOW - 2 * HOUR - 1 },
    expected: at(3, 'standby', 'long-standby'),
  },
  {
    claim: 'a clock that was set back is no standby',
    before: { lastActiveAt: NOW + 9 * HOUR },
    expected: at(1),
  },
  {
    claim: 'the third unproved change within the hour is level 2',
    before: { unprovedChanges: changesAgo(20, 10) },
    now: MOVED,
    expected: at(2, 'network-changed'),
  },
  {
    claim: 'the fourth unproved change within the hour is level 3',
    before: { unprovedChanges: changesAgo(30, 20, 10) },
    now: MOVED,
    expected: at(3, 'network-changed', 'network-changes'),
  },
  {
    claim: 'too many changes stay level 3 for a repeat from the same network',
    before: { unprovedChanges: changesAgo(40, 30, 20, 10) },
    expected: at(3, 'network-changes'),
  },
  {
    claim: 'a change counts for an hour and no longer',
    before: { unprovedChanges: changesAgo(60, 30, 10) },
    now: MOVED,
    expected: at(2, 'network-changed'),
  },
  {
    claim: 'another country is a reason of its own',
    before: { place: { country: 'DE' } },
    now: { ...MOVED, place: { country: 'FR' } },
    expected: at(2, 'network-changed', 'country-changed'),
  },
  {
    claim: 'another country is level 3 where the operator says so',
    before: { place: { country: 'DE' } },
    now: { ...MOVED, place: { country: 'FR' } },
    policy: { countryChange: 'reauth' },
    expected: at(3, 'network-changed', 'country-changed'),
  },
  {
    claim: 'a country that nobody knows is no other one',
    before: { place: { country: 'DE' } },
    now: { ...MOVED, place: {} },
    expected: at(2, 'network-changed'),
  },
  {
    claim: 'a network that a newer database puts into another country has not moved',
    before: { place: BERLIN },
    now: { place: LISBON },
    expected: at(1),
  },
  {
    claim: 'another product on another network is level 3',
    now: { ...MOVED, product: 'curl' },
    expected: at(3, 'network-changed', 'product-changed'),
  },
  {
    claim: 'another product on the same network is level 1',
    now: { product: 'curl' },
    expected: at(1),
  },
  {
    claim: 'from Berlin to Lisbon in a minute is level 3',
    before: { place: BERLIN },
    now: { ...MOVED, place: LISBON },
    expected: at(3, 'network-changed', 'country-changed', 'impossible-travel'),
  },
  {
    claim: 'from Berlin to Lisbon in 110 minutes is a flight, as both positions may be 250 km off',
    before: { place: BERLIN, lastActiveAt: NOW - 110 * MINUTE },
    now: { ...MOVED, place: LISBON },
    expected: at(2, 'network-changed', 'standby', 'country-changed'),
  },
  {
    claim: 'a grant that expired two hours ago is not yet suspicious',
    before: 'nothing',
    now: { grantExpiredAt: NOW - 2 * HOUR },
    expected: at(1),
  },
  {
    claim: 'a grant that expired more than two hours ago is level 3, even of an unknown client',
    before: 'nothing',
    now: { grantExpiredAt: NOW - 2 * HOUR - 1 },
    expected: at(3, 'grant-expired-long'),
  },
  {
    claim: 'a request that surprises less than level 2 asks for is level 1',
    before: 'nothing',
    now: { surprise: 12.9 },
    expected: at(1),
  },
  {
    claim: 'a request that surprises is level 2, even the first one of a client',
    before: 'nothing',
    now: { surprise: 13 },
    expected: at(2, 'anomaly'),
  },
  {
    claim: 'a request that surprises more is level 3',
    now: { surprise: 15 },
    expected: at(3, 'anomaly'),
  },
  {
    claim: 'where no surprise is asked for, none is a reason',
    now: { surprise: 60 },
    policy: { level2Score: Infinity, level3Score: Infinity },
    expected: at(1),
  },
  {
    claim: 'without enhanced security everything is level 1',
    before: { lastActiveAt: 0, place: BERLIN, unprovedChanges: changesAgo(4, 3, 2, 1) },
    now: { ...MOVED, product: 'curl', place: LISBON, grantExpiredAt: 0, surprise: 60 },
    policy: { enhancedSecurity: false },
    expected: at(1),
  },
]

function at(level: SecurityLevel, ...reasons: Reason[]): Assessment {
  return { level, reasons }
}

for (const { claim, before, now, policy, expected } of CASES) {
  test(claim, () => {
    const snapshot = before === 'nothing' ? undefined : { ...BEFORE, ...before }
    assert.deepEqual(assess(snapshot, { ...SAME, ...now }, { ...POLICY, ...policy }), expected)
  })
}

test('a client that no longer names the product it named is another one, so that a thief gains nothing by silence', () => {
  const { reasons } = assess(BEFORE, { at: NOW, network: TRAIN }, POLICY)
  assert.ok(reasons.includes('product-changed'))
})

const networks = fc.constantFrom(HOME, TRAIN, '203.0.113.0/24', '2001:db8::/56')
const products = fc.constantFrom('Conversations', 'Dino', 'curl')
const instants = fc.integer({ min: NOW - 5 * HOUR, max: NOW })
const places: fc.Arbitrary<Place> = fc.record(
  {
    country: fc.constantFrom('DE', 'FR', 'PT'),
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    accuracy: fc.integer({ min: 0, max: 1_000 }),
    asn: fc.nat(),
    networkClass: fc.constantFrom('mobile', 'fixed', 'hosting'),
  },
  { requiredKeys: [] },
)
const snapshots: fc.Arbitrary<Snapshot> = fc.record(
  {
    lastActiveAt: instants,
    network: networks,
    product: products,
    proven: fc.array(networks, { maxLength: 8 }),
    unprovedChanges: fc.array(instants, { maxLength: 8 }),
    place: places,
  },
  { requiredKeys: ['lastActiveAt', 'network', 'proven', 'unprovedChanges'] },
)
const observations: fc.Arbitrary<Observation> = fc.record(
  {
    at: fc.constant(NOW),
    network: networks,
    product: products,
    place: places,
    grantExpiredAt: instants,
    surprise: fc.double({ min: 0, max: 40, noNaN: true }),
    threats: fc.subarray([...PATTERNS]),
  },
  { requiredKeys: ['at', 'network'] },
)
const effects = fc.constantFrom<Effect>('off', 'watch', 'level2', 'level3', 'ban')
const policies: fc.Arbitrary<RiskPolicy> = fc.record({
  enhancedSecurity: fc.constant(true),
  challengeOnNetworkChange: fc.boolean(),
  reauthOnLongStandby: fc.boolean(),
  standbyThreshold: fc.integer({ min: MINUTE, max: 3 * HOUR }),
  longStandbyThreshold: fc.integer({ min: HOUR, max: 5 * HOUR }),
  networkChangeLimit: fc.nat({ max: 8 }),
  networkChangeWindow: fc.integer({ min: MINUTE, max: 5 * HOUR }),
  countryChange: fc.constantFrom('off', 'challenge', 'reauth'),
  maxSpeedKmh: fc.nat({ max: 2_000 }),
  level2Score: fc.constant(15),
  level3Score: fc.constantFrom(15, Infinity),
  threatEffects: fc.record({
    'grant-on-two-networks': effects,
    'session-in-two-countries': effects,
    'failing-proofs': effects,
    'uploads-deleted-for-abuse': fc.constantFrom<Effect>('off', 'watch', 'ban'),
  }),
})

/** The level of one reason alone, as the documents have it. */
function levelOf(
  reason: Reason,
  { countryChange, level3Score, threatEffects }: RiskPolicy,
): SecurityLevel {
  const threat = PATTERNS.find((pattern) => pattern === reason)
  if (threat !== undefined) return threatEffects[threat] === 'level2' ? 2 : 3
  if (reason === 'anomaly') return level3Score === Infinity ? 2 : 3
  if (reason === 'network-changed' || reason === 'standby') return 2
  return reason === 'country-changed' && countryChange === 'challenge' ? 2 : 3
}

test('the level is that of the most severe reason, and 1 without one', () => {
  const seen = new Set<Reason>()
  fc.assert(
    fc.property(
      fc.option(snapshots, { nil: undefined }),
      observations,
      policies,
      (before, now, policy) => {
        const { level, reasons } = assess(before, now, policy)
        for (const reason of reasons) seen.add(reason)
        assert.equal(level, Math.max(1, ...reasons.map((reason) => levelOf(reason, policy))))
      },
    ),
    { numRuns: 2_000 },
  )
  assert.deepEqual([...seen].toSorted(), [...REASONS].toSorted(), 'every reason was met')
})

/** Ways to look more suspicious than before. */
const WORSE: Readonly<
  Record<string, (before: Snapshot, now: Observation) => [Snapshot, Observation]>
> = {
  'from a network never seen': (before, now) => [before, { ...now, network: '100.64.0.0/24' }],
  'by a product never seen': (before, now) => [before, { ...now, product: 'thief' }],
  'after one more unproved change': (before, now) => [
    { ...before, unprovedChanges: [...before.unprovedChanges, now.at] },
    now,
  ],
  'with a proved network forgotten': (before, now) => [{ ...before, proven: [] }, now],
  'in a country never seen': (before, now) => [
    before,
    { ...now, place: { ...now.place, country: 'AQ' } },
  ],
  'that surprises more': (before, now) => [before, { ...now, surprise: (now.surprise ?? 0) + 5 }],
  'with a grant that expired earlier': (before, now) => [
    before,
    { ...now, grantExpiredAt: (now.grantExpiredAt ?? now.at) - HOUR },
  ],
}

for (const [how, worsened] of Object.entries(WORSE)) {
  test(`a request ${how} is never judged more mildly`, () => {
    fc.assert(
      fc.property(snapshots, observations, policies, (before, now, policy) => {
        const [mild, severe] = [
          assess(before, now, policy),
          assess(...worsened(before, now), policy),
        ]
        assert.ok(severe.level >= mild.level, `${mild.reasons.join()} → ${severe.reasons.join()}`)
      }),
    )
  })
}

test('a longer pause is never judged more mildly, but for the distance that it allows', () => {
  fc.assert(
    fc.property(snapshots, observations, policies, (before, now, policy) => {
      const unhurried = { ...policy, maxSpeedKmh: 0 }
      const longer = { ...before, lastActiveAt: before.lastActiveAt - HOUR }
      assert.ok(assess(longer, now, unhurried).level >= assess(before, now, unhurried).level)
    }),
  )
})

/** What each switch, off, takes away. */
const SWITCHES: readonly (readonly [Partial<RiskPolicy>, Reason])[] = [
  [{ challengeOnNetworkChange: false }, 'network-changed'],
  [{ reauthOnLongStandby: false }, 'long-standby'],
  [{ countryChange: 'off' }, 'country-changed'],
  [{ maxSpeedKmh: 0 }, 'impossible-travel'],
  [{ standbyThreshold: Infinity }, 'standby'],
  [{ networkChangeLimit: Infinity }, 'network-changes'],
  [{ level2Score: Infinity, level3Score: Infinity }, 'anomaly'],
]

for (const [off, reason] of SWITCHES) {
  test(`${JSON.stringify(off)} takes away ${reason} and nothing else`, () => {
    fc.assert(
      fc.property(snapshots, observations, policies, (before, now, policy) => {
        const { reasons } = assess(before, now, policy)
        const left = assess(before, now, { ...policy, ...off }).reasons
        assert.deepEqual(
          left,
          reasons.filter((one) => one !== reason),
        )
      }),
      { numRuns: 500 },
    )
  })
}

/** The same, its network being one that nobody knows anything of. */
function unnamed<T extends { readonly place?: Place }>(one: T): T {
  const { asn: _asn, networkClass: _class, ...place } = one.place ?? {}
  return { ...one, place }
}

test('neither autonomous systems nor classes of networks decide a level: a switch from WiFi to a mobile network is like any other', () => {
  fc.assert(
    fc.property(snapshots, observations, policies, (before, now, policy) => {
      const known = assess(before, now, policy)
      assert.deepEqual(known, assess(unnamed(before), unnamed(now), policy))
    }),
  )
})
