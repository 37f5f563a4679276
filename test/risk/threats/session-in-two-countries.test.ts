import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionInTwoCountries } from '../../../src/risk/threats/session-in-two-countries.ts'

const LIMITS = { returns: 2, returnWithin: 2_000, window: 60_000 }

/** The seconds at which something was found of one session, by seconds and countries of its proofs. */
function foundIn(
  proofs: readonly (readonly [seconds: number, country: string | undefined])[],
): readonly number[] {
  const rule = sessionInTwoCountries(100)
  return proofs.flatMap(([seconds, country]) =>
    rule.proved({ session: 'session', country, at: seconds * 1000 }, LIMITS) === undefined
      ? []
      : [seconds],
  )
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

test('addresses that no database knows say nothing', () => {
  const unknown = Array.from({ length: 20 }, (_, n) => [n, n % 2 ? undefined : 'DE'] as const)
  assert.deepEqual(foundIn(unknown), [])
})

test('two sessions of one family, at home and abroad, are not one', () => {
  const rule = sessionInTwoCountries(100)
  for (let at = 0; at < 20_000; at += 500) {
    assert.equal(rule.proved({ session: 'at home', country: 'DE', at }, LIMITS), undefined)
    assert.equal(rule.proved({ session: 'abroad', country: 'FR', at }, LIMITS), undefined)
  }
})
