import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { newcomers } from '../../src/http/fast-lane/newcomers.ts'

test('a connection that comes alone begins after a turn in which nobody else has come', async () => {
  const { wait } = newcomers(() => 0)
  let begun = false
  wait(() => (begun = true))
  await nextTurn()
  assert.equal(begun, false)
  await nextTurn()
  assert.equal(begun, true)
})

test('connections that come one per turn begin together, in their order', async () => {
  const { wait } = newcomers(() => 0)
  const begun: number[] = []
  for (let n = 0; n < 50; n++) {
    wait(() => begun.push(n))
    await nextTurn()
    assert.deepEqual(begun, [])
  }
  await nextTurn()
  assert.deepEqual(
    begun,
    Array.from({ length: 50 }, (_, n) => n),
  )
})

test('nobody waits longer than ten milliseconds for others, and those then wait anew', async () => {
  let now = 0
  const { wait } = newcomers(() => now)
  const begun: string[] = []
  wait(() => begun.push('first'))
  now = 9.9
  await nextTurn()
  wait(() => begun.push('second'))
  assert.deepEqual(begun, [])
  now = 10
  await nextTurn()
  assert.deepEqual(begun, ['first', 'second'])
  const later: string[] = []
  wait(() => later.push('third'))
  await nextTurn()
  assert.deepEqual(later, [])
  await nextTurn()
  assert.deepEqual(later, ['third'])
})
