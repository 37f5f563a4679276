import assert from 'node:assert/strict'
import process from 'node:process'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
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

/** A body whose bytes came in a buffer that is used again, and what its taker got: where from, and what. */
function lentBody(): {
  readonly body: LaneBody
  readonly buffer: Buffer
  readonly pump: () => Promise<string>
  readonly taken: { readonly isCopy: boolean; readonly text: string }[]
} & Disposable {
  const watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  const buffer = Buffer.allocUnsafeSlow(5)
  buffer.write('hello')
  const body = new LaneBody(5, watch, owner())
  const taken: { isCopy: boolean; text: string }[] = []
  const pump = async (): Promise<string> =>
    await body.pump(([piece]) => {
      const text = Buffer.from(piece ?? []).toString()
      taken.push({ isCopy: piece?.buffer !== buffer.buffer, text })
    })
  return { body, buffer, pump, taken, [Symbol.dispose]: () => watch[Symbol.dispose]() }
}

test('bytes that came with the head are not copied for a taker that waited for promises alone', async () => {
  using lent = lentBody()
  const { promise: tickIsOver, resolve } = Promise.withResolvers<unknown>()
  process.nextTick(() => {
    lent.body.receive(lent.buffer)
    void afterPromises(50).then(async () => resolve(await lent.pump()))
  })
  assert.equal(await tickIsOver, 'end')
  assert.deepEqual(lent.taken, [{ isCopy: false, text: 'hello' }])
})

test('bytes that came with the head are kept for a taker that asks later', async () => {
  using lent = lentBody()
  lent.body.receive(lent.buffer)
  await nextTurn()
  lent.buffer.fill('x')
  assert.equal(await lent.pump(), 'end')
  assert.deepEqual(lent.taken, [{ isCopy: true, text: 'hello' }])
})

async function afterPromises(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await Promise.resolve()
}

test('a body more of which comes while nobody has taken what came with the head is cut', async () => {
  using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  let isDestroyed = false
  const body = new LaneBody(6, watch, { ...owner(), destroy: () => (isDestroyed = true) })
  body.receive(Buffer.from('abc'))
  body.receive(Buffer.from('def'))
  let taken = 0
  const ending = await body.pump((batch) => {
    taken += batch.length
  })
  assert.deepEqual([ending, taken, isDestroyed], ['cut', 0, true])
})

for (const [how, end] of [
  ['cut', (body: LaneBody) => body.cut()],
  ['abandoned', (body: LaneBody) => body.abandon()],
  ['left by its sender', (body: LaneBody) => body.senderGone()],
] as const) {
  test(`a body that is ${how} before anybody took what came with the head hands nothing over`, async () => {
    using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
    const body = new LaneBody(6, watch, owner())
    body.receive(Buffer.from('abc'))
    end(body)
    await nextTurn()
    let taken = 0
    const ending = await body.pump((batch) => {
      taken += batch.length
    })
    assert.deepEqual([ending, taken], ['cut', 0])
  })
}
