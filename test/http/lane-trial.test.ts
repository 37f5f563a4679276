import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastLaneWorks } from '../../src/http/lane-trial.ts'
import { startListeners } from '../../src/http/listeners.ts'

test('the lane works with this Node.js', async () => {
  assert.equal(await fastLaneWorks(), true)
})

test('a lane that takes no request, answers nothing or cannot be started does not work', async () => {
  const idle = fastLaneWorks(
    async (options) => await startListeners({ ...options, fastLane: 'off' }),
  )
  assert.equal(await idle, false)
  const mute = fastLaneWorks(
    async (options) =>
      await startListeners({ ...options, handler: async (exchange) => exchange.cut() }),
  )
  assert.equal(await mute, false)
  const broken = fastLaneWorks(async () => await Promise.reject(new Error('no loopback')))
  assert.equal(await broken, false)
})
