import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failingProofs } from '../../../src/risk/threats/failing-proofs.ts'

const LIMITS = { sessions: 5, window: 60_000 }
const HOTEL = '192.0.2.0/24'

test('who tries keys for as many sessions as are too many is found, and its neighbour is not', () => {
  const rule = failingProofs(100)
  const found = Array.from({ length: 5 }, (_, at) => {
    const session = `stolen ${at}`
    assert.equal(rule.failed({ session: 's', network: '192.0.3.0/24', at }, LIMITS), undefined)
    return rule.failed({ session, network: HOTEL, at }, LIMITS)
  })
  assert.deepEqual(found, [undefined, undefined, undefined, undefined, 5])
  assert.equal(rule.failed({ session: 'next', network: HOTEL, at: 6 }, LIMITS), undefined)
})

test('one bad client among the guests of a hotel is not, however often it fails', () => {
  const rule = failingProofs(100)
  for (let at = 0; at < 10_000; at += 10)
    assert.equal(rule.failed({ session: 'bad client', network: HOTEL, at }, LIMITS), undefined)
  for (const session of ['a', 'b', 'c'])
    assert.equal(rule.failed({ session, network: HOTEL, at: 10_000 }, LIMITS), undefined)
})

test('a family whose phones fail now and then is not: the window has to be full', () => {
  const rule = failingProofs(100)
  for (let number = 0; number < 50; number += 1) {
    const failure = { session: `phone ${number}`, network: HOTEL, at: number * 16_000 }
    assert.equal(rule.failed(failure, LIMITS), undefined)
  }
})

test('what failed again counts from then on', () => {
  const rule = failingProofs(100)
  const failed = (session: string, at: number): number | undefined =>
    rule.failed({ session, network: HOTEL, at }, LIMITS)
  failed('a', 0)
  failed('b', 1)
  failed('a', 50_000)
  for (const session of ['c', 'd']) failed(session, 61_000)
  assert.equal(failed('e', 61_000), undefined, 'b is forgotten')
  assert.equal(failed('f', 61_000), 5)
})

test('after a clock was set back failures of before count no longer', () => {
  const rule = failingProofs(100)
  const failed = (session: string, at: number): number | undefined =>
    rule.failed({ session, network: HOTEL, at }, LIMITS)
  for (const session of ['a', 'b', 'c', 'd']) failed(session, 90_000)
  assert.equal(failed('e', 10_000), undefined)
  for (const session of ['f', 'g', 'h']) failed(session, 10_001)
  assert.equal(failed('i', 10_002), 5)
})

test('of too many networks the one that was quiet for longest is forgotten', () => {
  const rule = failingProofs(2)
  for (const session of ['a', 'b', 'c', 'd']) rule.failed({ session, network: 'n0', at: 0 }, LIMITS)
  for (const network of ['n1', 'n2']) rule.failed({ session: 'a', network, at: 0 }, LIMITS)
  assert.equal(rule.failed({ session: 'e', network: 'n0', at: 0 }, LIMITS), undefined)
})
