import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type SlotUse,
  grantOnTwoNetworks,
} from '../../../src/risk/threats/grant-on-two-networks.ts'

const LIMITS = { returns: 2, returnWithin: 2_000, window: 60_000 }
const HOME = '192.0.2.0/24'
const MOBILE = '198.51.100.0/24'
const SECOND = 1000

/** Seconds and networks of requests that use one slot. */
type Uses = readonly (readonly [seconds: number, network: string, asn?: number])[]

/** The seconds at which something was found. */
function foundIn(uses: Uses, slot: (number: number) => string = () => 'slot'): readonly number[] {
  const rule = grantOnTwoNetworks(100)
  return uses.flatMap(([seconds, network, asn], number) => {
    const use: SlotUse = { slot: slot(number), network, asn, at: seconds * SECOND }
    return rule.used(use, LIMITS) === undefined ? [] : [seconds]
  })
}

test('two who take the same slot from each other at once are found at the second return', () => {
  const uses: Uses = [
    [0, HOME],
    [10, MOBILE],
    [11, HOME],
    [13, MOBILE],
    [14, HOME],
  ]
  assert.deepEqual(foundIn(uses), [13])
})

test('three to five networks in turn are found like two, and a client that only ever goes on is not', () => {
  const all = [1, 2, 3, 4, 5].map((number) => `198.5${number}.100.0/24`)
  for (const several of [2, 3, 4, 5]) {
    const inTurn: Uses = Array.from({ length: 100 }, (_, number) => [
      number * 0.3,
      all[number % several] ?? '',
    ])
    assert.equal(foundIn(inTurn)[0], (several + 1) * 0.3, `${several} networks`)
  }
  const onwards: Uses = Array.from({ length: 100 }, (_, number) => [
    number * 0.3,
    `198.${number}.100.0/24`,
  ])
  assert.deepEqual(foundIn(onwards), [])
})

test('a return counts from when its network was left, not from the change before', () => {
  const slowly: Uses = Array.from({ length: 60 }, (_, number) => [
    number * 1.5,
    [HOME, MOBILE, '203.0.113.0/24'][number % 3] ?? '',
  ])
  assert.deepEqual(foundIn(slowly), [])
})

test('who goes on in turn is found again, so that a finding that ended is not the last one', () => {
  const uses: Uses = Array.from({ length: 9 }, (_, number) => [number, number % 2 ? HOME : MOBILE])
  assert.deepEqual(foundIn(uses), [3, 5, 7])
})

test('a commuter who changes from WiFi to the mobile network, and back at the office, is not', () => {
  assert.deepEqual(
    foundIn([
      [0, HOME],
      [1, HOME],
      [60, MOBILE],
      [61, MOBILE],
      [1800, '203.0.113.0/24'],
      [9000, HOME],
    ]),
    [],
  )
})

test('a phone that comes back once, because the WiFi was still in reach, is not', () => {
  assert.deepEqual(
    foundIn([
      [0, HOME],
      [10, MOBILE],
      [12, HOME],
      [40, MOBILE],
    ]),
    [],
  )
})

test('a phone in a train whose radio flaps all the way is not: joining a network takes longer than a return', () => {
  const uses: Uses = Array.from({ length: 200 }, (_, number) => [
    number * 3,
    number % 2 ? MOBILE : HOME,
  ])
  assert.deepEqual(foundIn(uses), [])
})

test('returns that lie further apart than the window do not count together', () => {
  const uses: Uses = [
    [0, HOME],
    [1, MOBILE],
    [2, HOME],
    [70, MOBILE],
    [71, HOME],
  ]
  assert.deepEqual(foundIn(uses), [])
})

test('after a clock was set back nothing returned, and what returned before counts no longer', () => {
  const back: Uses = [
    [100, HOME],
    [110, MOBILE],
    [111, HOME],
    [50, MOBILE],
    [120, HOME],
    [60, MOBILE],
    [130, HOME],
  ]
  assert.deepEqual(foundIn(back), [])
  const once: Uses = [
    [100, HOME],
    [110, MOBILE],
    [111, HOME],
    [50, HOME],
    [60, MOBILE],
    [61, HOME],
  ]
  assert.deepEqual(foundIn(once), [])
})

test('a carrier that gives one phone several addresses in turn is one network', () => {
  const near = ['198.51.100.0/24', '198.51.7.0/24'] as const
  assert.deepEqual(
    foundIn(Array.from({ length: 20 }, (_, number) => [number, near[number % 2] ?? ''])),
    [],
  )
  const far = ['198.51.100.0/24', '203.0.113.0/24'] as const
  assert.deepEqual(
    foundIn(Array.from({ length: 20 }, (_, number) => [number, far[number % 2] ?? '', 64_500])),
    [],
  )
})

test('a phone that uses IPv4 and IPv6 at once is one client, and two of them are found by either', () => {
  const ipv6 = '2001:db8:1::/56'
  assert.deepEqual(
    foundIn(Array.from({ length: 20 }, (_, number) => [number, number % 2 ? ipv6 : HOME])),
    [],
  )
  const bySystems: Uses = Array.from({ length: 20 }, (_, number) =>
    number % 2 ? [number, ipv6, 64_500] : [number, HOME, 64_501],
  )
  assert.deepEqual(foundIn(bySystems), [], 'a tunnel or VPN that carries only one of them')
  const both: Uses = [
    [0, ipv6],
    [1, HOME],
    [2, '2001:dc8::/56'],
    [3, HOME],
    [4, ipv6],
    [5, '2001:dc8::/56'],
  ]
  assert.deepEqual(foundIn(both), [5])
})

test('a family behind one address, and guests of a hotel that come from everywhere, each use their own slots', () => {
  const uses: Uses = Array.from({ length: 40 }, (_, number) => [
    number / 10,
    number % 2 ? HOME : MOBILE,
  ])
  assert.deepEqual(
    foundIn(uses, (number) => `slot ${number % 2}`),
    [],
  )
})

test('of too many slots the one that was quiet for longest is forgotten', () => {
  const rule = grantOnTwoNetworks(2)
  const use = (slot: string, network: string, at: number): number | undefined =>
    rule.used({ slot, network, at }, LIMITS)
  use('a', HOME, 0)
  use('a', MOBILE, 1)
  use('a', HOME, 2)
  use('b', HOME, 3)
  use('c', HOME, 4)
  assert.equal(use('a', MOBILE, 5), undefined)
})
