import assert from 'node:assert/strict'
import test from 'node:test'
import { dpopProver } from '../../src/client/session/dpop-prover.ts'
import { lateProver } from '../../src/client/session/late-prover.ts'

test('code that cannot be loaded is a lost connection, and the next use loads it again', async () => {
  const needs = {
    keepsKeys: false,
    saved: {},
    clock: () => 0,
    random: (size: number) => new Uint8Array(size),
  }
  let tries = 0
  const prover = lateProver(needs, async () => {
    tries += 1
    if (tries === 1) throw new TypeError('Failed to fetch dynamically imported module')
    return { dpopProver }
  })
  await assert.rejects(prover.saved(), { name: 'ConnectionLost' })
  const first = await prover.saved()
  assert.equal(typeof first['d'], 'string')
  assert.deepEqual(await prover.saved(), first)
})
