import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backOff, rest } from '../../src/client/back-off.ts'
import { manualTime } from './manual-time.ts'
import { toldNetwork } from './told-network.ts'

function waits(random: number): number[] {
  return [1, 2, 3, 4, 8, 9, 30].map((failures) => backOff(failures, { random: () => random }))
}

test('waits begin with none, double, and end at ten seconds', () => {
  assert.deepEqual(waits(1), [0, 100, 200, 400, 6400, 10_000, 10_000])
})

test('chance takes up to half of a wait away', () => {
  assert.deepEqual(waits(0), [0, 50, 100, 200, 3200, 5000, 5000])
})

test('a rest ends with its time', async () => {
  const time = manualTime()
  const { signal } = new AbortController()
  const resting = rest(1000, { signal, network: toldNetwork(), time })
  time.pass(1000)
  await resting
})

test('a rest ends when the network changes', async () => {
  const network = toldNetwork()
  const { signal } = new AbortController()
  const resting = rest(1000, { signal, network, time: manualTime() })
  network.change()
  await resting
})

test('a rest rejects when it is given up', async () => {
  const giving = new AbortController()
  const needs = { signal: giving.signal, network: toldNetwork(), time: manualTime() }
  const resting = rest(1000, needs)
  giving.abort(new Error('enough'))
  await assert.rejects(resting, /enough/u)
  await assert.rejects(rest(1000, needs), /enough/u)
})
