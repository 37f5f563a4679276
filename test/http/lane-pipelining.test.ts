import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import type { Handler } from '../../src/http/exchange.ts'
import { type RawClient, rawClient, serve } from './server-fixture.ts'

/** Answers with the number of bytes that came, GET when `release` resolves. */
function waitingFor(release: Promise<void>): Handler {
  return async (exchange) => {
    if (exchange.method === 'GET') await release
    let received = 0
    const ending = await exchange.body.pump((batch) => {
      for (const piece of batch) received += piece.length
    })
    exchange.reply({ status: 200, body: `${exchange.method} ${ending} ${received};` })
  }
}

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'

function headOf(length: number, more = '', method = 'PUT'): string {
  return `${method} /b HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${length}\r\n\r\n`
}

/** Told from every other one by its path. */
const BEHIND = GET.replace('/a', '/behind')

const SENDERS = ['PUT', 'PATCH', 'POST']

test('a large body that was sent ahead of an answer is received when its turn comes', async () => {
  for (const [size, method] of [70_000, 1_000_000].flatMap((n) =>
    SENDERS.map((m) => [n, m] as const),
  )) {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await serve(waitingFor(promise))
    using client = await rawClient(server.port)
    client.socket.write(GET)
    client.socket.write(Buffer.concat([Buffer.from(headOf(size, '', method)), Buffer.alloc(size)]))
    setImmediate(resolve)
    await client.until(`${method} end ${size};`)
  }
})

test('whoever sends two requests and closes its side gets both answers', async () => {
  await using server = await serve(waitingFor(Promise.resolve()))
  using client = await rawClient(server.port)
  client.socket.end(`${headOf(3)}abc${headOf(4, '', 'PATCH')}abcd`)
  const answers = await client.ended
  assert.match(answers, /PUT end 3;.*PATCH end 4;/su)
})

test('whoever sends a whole request that is no mere reading and closes its side gets the answer', async () => {
  const bare = ['DELETE', 'OPTIONS', ...SENDERS].map((method) => GET.replace('GET', method))
  const empty = SENDERS.map((method) => headOf(0, '', method))
  const whole = SENDERS.map((method) => `${headOf(3, '', method)}abc`)
  for (const fastLane of ['auto', 'off'] as const) {
    const handler: Handler = async (exchange) => {
      // The end of the client's side is received meanwhile.
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
      await waitingFor(Promise.resolve())(exchange)
    }
    await using server = await serve(handler, { fastLane })
    for (const request of [...bare, ...empty, ...whole]) {
      using client = await rawClient(server.port)
      client.socket.end(request)
      assert.match(await client.ended, /[A-Z]+ end [03];$/u, `${fastLane}: ${request}`)
    }
  }
})

test('whoever reads, or sends a part, and closes its side gets no answer', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const handler: Handler = async (exchange) => {
    if (exchange.method === 'HEAD') await promise
    await waitingFor(promise)(exchange)
  }
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(handler, { fastLane })
    const parts = SENDERS.map((method) => `${headOf(3, '', method)}ab`)
    for (const request of [GET, GET.replace('GET', 'HEAD'), ...parts]) {
      using client = await rawClient(server.port)
      client.socket.end(request)
      assert.equal(await client.ended, '', `${fastLane}: ${request}`)
    }
  }
  resolve()
})

/** Of the longest head that the lane reads, which is in its strict form. */
const LONGEST_HEAD = 4096

/** A request that is the last one by its own words, of so many bytes at least. */
function lastOf(method: string, word: string, { body = '', bytes = 0 } = {}): string {
  const length = SENDERS.includes(method) ? `Content-Length: ${body.length}\r\n` : ''
  const head = `${method} /a HTTP/1.1\r\nHost: x\r\nConnection: ${word}\r\n${length}X-Padding: `
  return `${head}${'x'.repeat(Math.max(1, bytes - head.length - body.length - 4))}\r\n\r\n${body}`
}

const LAST_REQUESTS = [
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS'].map((method) => lastOf(method, 'close')),
  ...SENDERS.map((method) => lastOf(method, 'Close', { bytes: LONGEST_HEAD })),
  ...SENDERS.map((method) => lastOf(method, 'CLOSE', { body: 'abc' })),
  ...SENDERS.map((method) => lastOf(method, 'CLOSE', { body: 'abc', bytes: LONGEST_HEAD + 3 })),
  // The only one that the lane leaves.
  lastOf('GET', 'close', { bytes: LONGEST_HEAD + 1 }),
]

/** Which requests a handler began; it answers them when it is released. */
interface Recorded {
  readonly begun: string[]
  readonly asked: PromiseWithResolvers<void>
  readonly released: PromiseWithResolvers<void>
}

function recording(record: Recorded): Handler {
  return async (exchange) => {
    record.begun.push(exchange.target.rawPath)
    record.asked.resolve()
    await record.released.promise
    await exchange.body.pump(() => undefined)
    exchange.reply({ status: 200 })
  }
}

/** Ways to send something behind the last request: together with it, before its answer, or after it. */
const WAYS_BEHIND: readonly ((
  client: RawClient,
  request: string,
  record: Recorded,
) => Promise<void>)[] = [
  async ({ socket }, request, record) => {
    record.released.resolve()
    socket.write(request + BEHIND)
  },
  async ({ socket }, request, record) => {
    socket.write(request)
    await record.asked.promise
    socket.write(BEHIND)
    setImmediate(record.released.resolve)
  },
  async (client, request, record) => {
    record.released.resolve()
    client.socket.write(request)
    await client.until('HTTP/1.1 200 ')
    client.socket.write(BEHIND)
  },
]

for (const fastLane of ['auto', 'off'] as const) {
  test(`behind a request that closes the connection none is begun, whenever it comes, lane ${fastLane}`, async () => {
    const taken = { fast: 0, ordinary: 0 }
    for (const request of LAST_REQUESTS) {
      for (const send of WAYS_BEHIND) {
        const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const record = { begun: [], asked, released }
        await using server = await serve(recording(record), {
          fastLane,
          laneTook: (lane) => (taken[lane] += 1),
        })
        using client = await rawClient(server.port)
        await send(client, request, record)
        const answer = await client.ended
        assert.match(answer, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/isu, request)
        assert.equal(answer.match(/HTTP\/1\.1 /gu)?.length, 1, request)
        assert.deepEqual(record.begun, ['a'], request)
      }
    }
    const all = LAST_REQUESTS.length * WAYS_BEHIND.length
    const fast = fastLane === 'auto' ? all - WAYS_BEHIND.length : 0
    assert.deepEqual(taken, { fast, ordinary: all - fast })
  })
}

test('what comes behind a last request is not held, however much it is', async () => {
  for (const fastLane of ['auto', 'off'] as const) {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await serve(waitingFor(promise), { fastLane })
    using client = await rawClient(server.port)
    client.socket.write(GET.replace('Host', 'Connection: close\r\nHost'))
    // Far more than is received ahead of an answer: taken only by whoever goes on receiving.
    client.socket.write(Buffer.alloc(32 * 1024 * 1024), () => resolve())
    assert.match(await client.ended, /GET end 0;$/u, fastLane)
  }
})

test('a head that was sent ahead is as long as one that was not may be', async () => {
  await using server = await serve(waitingFor(Promise.resolve()))
  using client = await rawClient(server.port)
  client.socket.write(GET + headOf(0, `X-Long: ${'x'.repeat(50_000)}\r\n`))
  assert.match(await client.ended, /HTTP\/1\.1 431 /u)
})

test('however many requests are sent ahead of the first answer, the process has nothing to warn of', async (t) => {
  const warnings: Error[] = []
  const warned = (warning: Error): void => void warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(waitingFor(promise), { fastLane })
    using client = await rawClient(server.port)
    client.socket.end(GET.repeat(50))
    setImmediate(resolve)
    const answers = await client.ended
    assert.equal(answers.match(/GET end 0;/gu)?.length, 50, fastLane)
  }
  assert.deepEqual(warnings, [])
})

test('a request that waits for its turn when the server goes down is never begun', async () => {
  const begun: string[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const handler: Handler = async (exchange) => {
    begun.push(exchange.target.rawPath)
    resolve()
    await new Promise(() => {})
  }
  await using server = await serve(handler, { fastLane: 'off' })
  using client = await rawClient(server.port)
  client.socket.write(GET + GET.replace('/a', '/b'))
  await first
  await server.listeners.shutdown({ graceMs: 0, successor: true })
  assert.equal((await client.ended).match(/HTTP\/1\.1 503 /gu)?.length, 1)
  assert.deepEqual(begun, ['a'])
})
