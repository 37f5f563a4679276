import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startSessionUpkeep } from '../../src/app/session-upkeep.ts'
import { keptLog } from '../observe/samples.ts'
import { pass } from './passing-time.ts'

/** Upkeep of sessions that note what is asked of them, and fail while `isBroken`. */
function upkeep(t: TestContext): {
  readonly asked: string[]
  readonly warnings: () => number
  readonly running: AsyncDisposable
  isBroken: boolean
} {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { log, written } = keptLog()
  const state = { isBroken: false }
  const asked: string[] = []
  const ask = async (verb: string): Promise<void> => {
    asked.push(verb)
    if (state.isBroken) throw new Error('no store')
  }
  const sessions = { flush: () => ask('flush'), cleanup: () => ask('cleanup') }
  return {
    asked,
    warnings: () => written().split('sessions cannot be stored').length - 1,
    running: startSessionUpkeep({ sessions, cleanupInterval: 2_500, log }),
    set isBroken(value: boolean) {
      state.isBroken = value
    },
  }
}

test('sessions are cleaned up at once, stored every second, and twice more in the end', async (t) => {
  const u = upkeep(t)
  for (let times = 0; times < 5; times += 1) await pass(t, 500)
  await u.running[Symbol.asyncDispose]()
  assert.deepEqual(u.asked, ['cleanup', 'flush', 'flush', 'cleanup', 'flush', 'flush'])
})

test('a store that is away is no reason to end, and is told of once until it is back', async (t) => {
  const u = upkeep(t)
  u.isBroken = true
  await pass(t, 1_000)
  await pass(t, 1_000)
  assert.equal(u.warnings(), 1)
  u.isBroken = false
  await pass(t, 1_000)
  u.isBroken = true
  await u.running[Symbol.asyncDispose]()
  assert.equal(u.warnings(), 2)
})
