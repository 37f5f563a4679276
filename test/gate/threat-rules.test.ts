import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threatPolicyOf } from '../../src/app/risk-policy.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { type ThreatRules, threatRules } from '../../src/gate/threat-rules.ts'
import { configOf } from '../app/site.ts'
import { HOME } from '../observe/samples.ts'

const MOST = 1_000_000
const SLOT = { fingerprint: fingerprintOf(parseSlotPath('a/b')) }
const FAILURE = { session: 'session', why: 'wrong' }

function rulesFor(...flags: readonly string[]): ThreatRules {
  const policy = threatPolicyOf(configOf('/', flags))
  const needs = {
    places: { find: () => ({ country: 'DE' }) },
    clock: () => 0,
    policy: () => policy,
    isOfProxies: () => false,
    maxTracked: MOST,
  }
  return threatRules(needs, () => undefined)
}

/** Something for each rule to look at. */
function pass(rules: ThreatRules): ThreatRules {
  rules.used({ client: HOME }, SLOT)
  rules.proved({ client: HOME }, 'session')
  rules.failed({ client: HOME }, FAILURE)
  return rules
}

/** Bytes of buffers that something takes, in which the links of what is remembered are. */
function bytesOf(make: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers
  const made = make()
  const after = process.memoryUsage().arrayBuffers
  assert.notEqual(made, undefined)
  return after - before
}

test('rules that look for nothing take no memory, however much they may remember, and those that look take it once', () => {
  const off = rulesFor('threats.failing_proofs=off')
  const watching = rulesFor('threats.grant_on_two_networks=watch')
  assert.ok(bytesOf(() => rulesFor()) < MOST)
  assert.ok(bytesOf(() => pass(off)) < MOST)
  const taken = bytesOf(() => pass(watching))
  assert.ok(taken > MOST, `${taken} bytes`)
  assert.ok(bytesOf(() => pass(watching)) < taken / 2)
})
