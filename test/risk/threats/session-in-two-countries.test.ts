import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionInTwoCountries } from '../../../src/risk/threats/session-in-two-countries.ts'

const IPV4 = '192.0.2.0/24'
const IPV6 = '2001:db8::/56'
const LIMITS = { returns: 2, returnWithin: 2_000, window: 60_000 }

/** The seconds at which something was found of one session, by seconds and countries of its proofs. */
function foundIn(
  proofs: readonly (readonly [seconds: number, country: string | undefined, network?: string])[],
): readonly number[] {
  const rule = sessionInTwoCountries(100)
  return proofs.flatMap(([seconds, country, network = IPV4]) => {
    const proof = { session: 'session', network, country, at: seconds * 1000 }
    return rule.proved(proof, LIMITS) === undefined ? [] : [seconds]
  })
}

test('a key that proves its session from two countries in turn is found', () => {
  assert.deepEqual(
    foundIn([
      [0, 'DE'],
      [100, 'BR'],
      [101, 'DE'],
      [103, 'BR'],
    ]),
    [103],
  )
})

test('a journey is not, nor is a phone of a foreign carrier that leaves the WiFi and comes back', () => {
  assert.deepEqual(
    foundIn([
      [0, 'DE'],
      [7200, 'FR'],
      [14_400, 'DE'],
    ]),
    [],
  )
  const flapping = Array.from({ length: 50 }, (_, n) => [n * 3, n % 2 ? 'FR' : 'DE'] as const)
  assert.deepEqual(foundIn(flapping), [])
})

test('a phone whose VPN carries IPv4 abroad and leaves IPv6 at home is not, and two keys are found by either', () => {
  const split = Array.from(
    { length: 20 },
    (_, n) => [n / 10, n % 2 ? 'NL' : 'DE', n % 2 ? IPV4 : IPV6] as const,
  )
  assert.deepEqual(foundIn(split), [])
  const stolen = Array.from(
    { length: 8 },
    (_, n) => [n / 4, n % 4 < 2 ? 'BR' : 'DE', n % 2 ? IPV4 : IPV6] as const,
  )
  assert.deepEqual(foundIn(stolen), [1.5, 1.75])
})

test('addresses that no database knows say nothing', () => {
  const unknown = Array.from({ length: 20 }, (_, n) => [n, n % 2 ? undefined : 'DE'] as const)
  assert.deepEqual(foundIn(unknown), [])
})

test('two sessions of one family, at home and abroad, are not one', () => {
  const rule = sessionInTwoCountries(100)
  for (let at = 0; at < 20_000; at += 500) {
    const from = { network: IPV4, at }
    assert.equal(rule.proved({ ...from, session: 'at home', country: 'DE' }, LIMITS), undefined)
    assert.equal(rule.proved({ ...from, session: 'abroad', country: 'FR' }, LIMITS), undefined)
  }
})
