import assert from 'node:assert/strict'
import test from 'node:test'
import { insuredCounters } from '../../src/abuse/insured-counters.ts'
import type { Counters } from '../../src/abuse/ports.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'
import { countersConformance } from '../conformance/counters.ts'

const WINDOW = 60_000

/** Counters that work until they are told to fail. */
function failing(): { counters: Counters; fail: (error: Error | undefined) => void } {
  const working = memoryCounters()
  let failure: Error | undefined
  const reached = (): Counters => {
    if (failure !== undefined) throw failure
    return working
  }
  return {
    counters: {
      add: async (name, window) => await reached().add(name, window),
      keep: async (name, counted) => await reached().keep(name, counted),
    },
    fail: (error) => {
      failure = error
    },
  }
}

countersConformance('with a spare', async (t) => {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  const { counters, fail } = failing()
  fail(new Refusal('state-unavailable'))
  return {
    counters: insuredCounters(counters, memoryCounters()),
    pass: async (_, milliseconds) => t.mock.timers.tick(milliseconds),
  }
})

test('what cannot be reached is counted apart meanwhile, and goes on where it stood', async () => {
  const { counters, fail } = failing()
  const insured = insuredCounters(counters, memoryCounters())
  await insured.add('a', WINDOW)
  await insured.add('a', WINDOW)
  fail(new Refusal('state-unavailable'))
  assert.equal((await insured.add('a', WINDOW)).count, 1)
  await insured.keep('a', { count: 5, remaining: WINDOW })
  assert.equal((await insured.add('a', WINDOW)).count, 6)
  fail(undefined)
  assert.equal((await insured.add('a', WINDOW)).count, 3)
})

test('what is wrong otherwise is not taken for counters that cannot be reached', async () => {
  const { counters, fail } = failing()
  const insured = insuredCounters(counters, memoryCounters())
  for (const error of [new TypeError('a bug'), new Refusal('internal')]) {
    fail(error)
    await assert.rejects(insured.add('a', WINDOW), error)
  }
})
