import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ending } from '../../src/core/bytes.ts'
import { NOWHERE } from '../../src/core/passing-set.ts'
import { bodyWatch, WATCH_INTERVAL, type WatchedBody } from '../../src/http/body-watch.ts'
import { BATCH_BYTES } from '../../src/http/body-source.ts'
import { DEFAULT_HTTP_LIMITS } from '../../src/http/limits.ts'
import { ask, rawClient, serve } from './server-fixture.ts'

const PUT = (length: number): string =>
  `PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

test('batches hold at most 256 KiB and come in order, whether the taker waits or not', async () => {
  const size = 3 * 1024 * 1024
  const sent = Buffer.alloc(size)
  for (let at = 0; at < size; at += 4) sent.writeUInt32LE(at, at)
  for (const waits of [true, false]) {
    const pieces: Uint8Array[] = []
    let largest = 0
    await using server = await serve(async (exchange) => {
      const ending = await exchange.body.pump((batch) => {
        largest = Math.max(
          largest,
          batch.reduce((sum, piece) => sum + piece.byteLength, 0),
        )
        pieces.push(...batch.map((lent) => Buffer.from(lent)))
        return waits ? new Promise((resolve) => void setImmediate(resolve)) : undefined
      })
      exchange.reply({ status: 201, body: ending })
    })
    using client = await rawClient(server.port)
    client.socket.write(PUT(size))
    client.socket.write(sent)
    await client.until('\r\n\r\nend')
    assert.ok(Buffer.concat(pieces).equals(sent))
    assert.ok(largest <= BATCH_BYTES, `a batch of ${largest} bytes`)
  }
})

test('while the taker is busy little is held, and the sender feels it', async () => {
  const release = Promise.withResolvers<void>()
  const taken = Promise.withResolvers<void>()
  let calls = 0
  await using server = await serve(async (exchange) => {
    const ending = await exchange.body.pump(async () => {
      calls += 1
      taken.resolve()
      await release.promise
    })
    exchange.reply({ status: 201, body: ending })
  })
  const size = 64 * 1024 * 1024
  using client = await rawClient(server.port)
  client.socket.write(PUT(size))
  assert.equal(client.socket.write(Buffer.alloc(size)), false)
  await taken.promise
  await ask(server.port, '/', { method: 'OPTIONS', path: '*' })
  assert.equal(calls, 1)
  assert.ok(client.socket.writableLength > 0, 'the sender could send everything')
  release.resolve()
  await client.until('\r\n\r\nend')
})

test('a taker that throws ends the pump with its error, and the client gets its answer', async () => {
  await using server = await serve(async (exchange) => {
    await assert.rejects(
      exchange.body.pump(() => {
        throw new Error('full')
      }),
      /full/,
    )
    exchange.reply({ status: 507 })
  })
  using client = await rawClient(server.port)
  client.socket.write(PUT(1_000_000))
  client.socket.write(Buffer.alloc(1_000))
  assert.match(await client.ended, /^HTTP\/1\.1 507 /)
})

test('what arrived before the sender left is handed over, and the ending is cut', async () => {
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    let received = 0
    const ending = Promise.withResolvers<Ending>()
    const first = Promise.withResolvers<void>()
    await using server = await serve(async (exchange) => {
      ending.resolve(
        await exchange.body.pump((batch) => {
          for (const piece of batch) received += piece.byteLength
          first.resolve()
        }),
      )
    })
    const finished = server.told.next('finished')
    using client = await rawClient(server.port)
    client.socket.write(PUT(1000) + 'x'.repeat(700))
    await first.promise
    client.socket[leave]()
    assert.equal(await ending.promise, 'cut')
    assert.equal(received, 700)
    await finished
    assert.deepEqual([server.told.statuses, server.told.failures], [[0], []])
  }
})

test('cut ends the connection unanswered and the pump with cut', async () => {
  let ending: Ending | undefined
  await using server = await serve(async (exchange) => {
    const pumped = exchange.body.pump(() => exchange.cut())
    ending = await pumped
  })
  using client = await rawClient(server.port)
  client.socket.write(PUT(1000) + 'x'.repeat(700))
  assert.equal(await client.ended, '')
  assert.equal(ending, 'cut')
})

/** A body of which nothing has been received, with what of it is different. */
function watched(body: Pick<WatchedBody, 'cut'> & Partial<WatchedBody>): WatchedBody & {
  received: number
} {
  return { seat: NOWHERE, looks: undefined, received: 0, paused: false, ...body }
}

test('a body that stands still is cut after the idle time, not before, and a moving one never', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  const cuts: string[] = []
  const still = watched({ received: 10, cut: () => void cuts.push('still') })
  const moving = watched({ cut: () => void cuts.push('moving') })
  const paused = watched({ paused: true, cut: () => void cuts.push('paused') })
  for (const body of [still, moving, paused]) watch.add(body)
  const pass = (milliseconds: number): void => {
    for (let at = 0; at < milliseconds; at += WATCH_INTERVAL) {
      moving.received += 256 * (WATCH_INTERVAL / 1000)
      t.mock.timers.tick(WATCH_INTERVAL)
    }
  }
  pass(115_000)
  assert.deepEqual(cuts, [])
  pass(10_000)
  assert.equal(cuts[0], 'still')
  watch.remove(still)
  pass(3_600_000)
  assert.deepEqual(new Set(cuts), new Set(['still']))
})

test('a body below 256 B/s over five minutes is cut, though it never stands still', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  using watch = bodyWatch(DEFAULT_HTTP_LIMITS)
  let cutAt = 0
  let passed = 0
  const crawling = watched({
    cut: () => {
      cutAt ||= passed
    },
  })
  watch.add(crawling)
  for (; passed < 400_000; passed += WATCH_INTERVAL) {
    crawling.received += 250 * (WATCH_INTERVAL / 1000)
    t.mock.timers.tick(WATCH_INTERVAL)
  }
  assert.equal(cutAt, 300_000)
})

test('an idle body of a real connection is cut unanswered', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const ending = Promise.withResolvers<Ending>()
  const taken = Promise.withResolvers<void>()
  await using server = await serve(async (exchange) => {
    ending.resolve(await exchange.body.pump(() => taken.resolve()))
  })
  using client = await rawClient(server.port)
  client.socket.write(PUT(1000) + 'x')
  await taken.promise
  t.mock.timers.tick(130_000)
  assert.equal(await ending.promise, 'cut')
  assert.equal(await client.ended, '')
})
