import assert from 'node:assert/strict'
import test from 'node:test'
import { bodyWatch } from '../../src/http/body-watch.ts'
import { LaneBody } from '../../src/http/fast-lane/lane-body.ts'
import { DEFAULT_HTTP_LIMITS } from '../../src/http/limits.ts'

function owner(): { proceed(): void; pause(): void; resume(): void; destroy(): void } {
  return { proceed() {}, pause() {}, resume() {}, destroy() {} }
}

test('a body that was received as a whole is handed over as a whole, although it is cut', async () => {
  using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  const body = new LaneBody(100, watch, owner())
  const { promise: busy, resolve: release } = Promise.withResolvers<void>()
  let taken = 0
  const ending = body.pump((batch) => {
    for (const piece of batch) taken += piece.length
    return taken === 40 ? busy : undefined
  })
  body.receive(Buffer.alloc(40))
  body.receive(Buffer.alloc(60))
  body.cut()
  release()
  assert.deepEqual([await ending, taken], ['end', 100])
})

test('a body that is cut before its last byte ends so, and nothing more is handed over', async () => {
  using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  const body = new LaneBody(100, watch, owner())
  let taken = 0
  const ending = body.pump((batch) => {
    for (const piece of batch) taken += piece.length
  })
  body.receive(Buffer.alloc(40))
  body.cut()
  body.receive(Buffer.alloc(60))
  assert.deepEqual([await ending, taken], ['cut', 40])
})
