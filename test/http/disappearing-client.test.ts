import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import type { Exchange, Handler } from '../../src/http/exchange.ts'
import type { ListenersOptions } from '../../src/http/listeners.ts'
import {
  ask,
  rawClient,
  scratchFolder,
  serve,
  wrapSocket,
  writeCertificate,
} from './server-fixture.ts'

const PIECE = Buffer.alloc(64 * 1024, 'a')
const PIECES = 16

/** Stores what a request brings, serves a GET in pieces; what `write` rejects with when the client left is no bug. */
const handler: Handler = async (exchange) => {
  if (exchange.method !== 'GET') {
    await exchange.body.pump(() => Promise.resolve())
    exchange.reply({ status: 201 })
    return
  }
  exchange.begin(200, { 'content-length': PIECE.length * PIECES })
  for (let count = 1; count <= PIECES; count += 1) await exchange.write(PIECE, count === PIECES)
}

/** How a connection is served; the lane has its own way with connections. */
const WAYS: readonly { readonly name: string; readonly options: Partial<ListenersOptions> }[] = [
  { name: 'in the lane', options: {} },
  { name: 'without the lane', options: { fastLane: 'off' } },
]

for (const { name, options } of WAYS) {
  test(`${name}, a client that closes its side after its whole PUT gets the answer`, async () => {
    await using server = await serve(handler, options)
    using client = await rawClient(server.port)
    client.socket.end('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
    assert.match(await client.ended, /^HTTP\/1\.1 201 /u)
    while (server.told.statuses.length < 1) await server.told.next('finished')
    assert.deepEqual(server.told.statuses, [201])
  })

  test(`${name}, a client that closes its side before its last byte is cut`, async () => {
    const endings: string[] = []
    await using server = await serve(async (exchange) => {
      endings.push(await exchange.body.pump(() => undefined))
    }, options)
    using client = await rawClient(server.port)
    client.socket.end('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabc')
    assert.equal(await client.ended, '')
    while (server.told.statuses.length < 1) await server.told.next('finished')
    assert.deepEqual([endings, server.told.statuses, server.told.failures], [['cut'], [0], []])
  })

  test(`${name}, a reader that closes its side while it waits is not waited with`, async () => {
    const left = Promise.withResolvers<void>()
    await using server = await serve(async ({ signal }) => {
      if (!signal.aborted) await once(signal, 'abort')
      left.resolve()
    }, options)
    using client = await rawClient(server.port)
    client.socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await left.promise
    assert.equal(await client.ended, '')
    assert.deepEqual([server.told.statuses, server.told.failures], [[0], []])
  })
}

test('over TLS, an HTTP/1.1 client that closes its side after its whole PUT gets the answer', async () => {
  using folder = scratchFolder()
  await using server = await serve(handler, { tls: writeCertificate(folder.path) })
  const socket = connectTls({
    host: '127.0.0.1',
    port: server.port,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  })
  socket.allowHalfOpen = true
  await once(socket, 'secureConnect')
  using client = wrapSocket(socket)
  socket.end('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
  assert.match(await client.ended, /^HTTP\/1\.1 201 /u)
})

const cuts = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'PATCH', 'POST'),
  sent: fc.integer({ min: 0, max: 40_000 }),
  received: fc.integer({ min: 0, max: PIECE.length * 4 }),
  reset: fc.boolean(),
})

test('an HTTP/1.1 client may disappear at any point of a request', async () => {
  await using server = await serve(handler)
  await fc.assert(
    fc.asyncProperty(cuts, async ({ method, sent, received, reset }) => {
      using client = await rawClient(server.port)
      const head = `${method} / HTTP/1.1\r\nHost: x\r\n`
      const brings = method !== 'GET'
      const length = brings ? 'Content-Length: 30000\r\n' : ''
      const whole = `${head}${length}\r\n${brings ? 'x'.repeat(30_000) : ''}`
      client.socket.write(whole.slice(0, sent))
      const asked = method === 'GET' && sent >= whole.length
      const wanted = asked ? received : 0
      while (client.received().length < wanted) await once(client.socket, 'data')
      if (reset) client.socket.resetAndDestroy()
      else client.socket.destroy()
    }),
    { seed: 363, numRuns: 100 },
  )
  assert.equal((await ask(server.port, '/', { method: 'PUT', body: 'x' })).status, 201)
  while (server.told.statuses.length < 1) await server.told.next('finished')
  assert.deepEqual(server.told.failures, [])
})

test('an HTTP/2 client may disappear at any point of a request', async () => {
  using folder = scratchFolder()
  await using server = await serve(handler, { tls: writeCertificate(folder.path) })
  await fc.assert(
    fc.asyncProperty(cuts, async ({ method, sent, received, reset }) => {
      const client = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false })
      client.on('error', () => {})
      await once(client, 'connect')
      const stream = client.request({ ':method': method }, { endStream: method === 'GET' })
      stream.on('error', () => {})
      let got = 0
      const enough = Promise.withResolvers<void>()
      stream.on('data', (piece: Buffer) => {
        got += piece.length
        if (got >= received) enough.resolve()
      })
      if (method !== 'GET') stream.write(Buffer.alloc(sent))
      else if (received > 0) await enough.promise
      if (reset) stream.close(8)
      const closed = new Promise((resolve) => client.once('close', resolve))
      client.destroy()
      await closed
    }),
    { seed: 363, numRuns: 40 },
  )
  assert.deepEqual(server.told.failures, [])
})

test('a write to a client that left is rejected, and the exchange finishes with status 0', async () => {
  const rejected = Promise.withResolvers<unknown>()
  await using server = await serve(async (exchange) => {
    exchange.begin(200, { 'content-length': 1e9 })
    try {
      for (;;) await exchange.write(PIECE, false)
    } catch (error) {
      rejected.resolve(error)
      throw error
    }
  })
  const finished = server.told.next('finished')
  using client = await rawClient(server.port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until('aaa')
  client.socket.destroy()
  assert.ok((await rejected.promise) instanceof Error)
  await finished
  assert.deepEqual([server.told.statuses, server.told.failures], [[0], []])
})

test('a client that does not read holds up write', async () => {
  let written = 0
  const done = Promise.withResolvers<void>()
  await using server = await serve(async (exchange) => {
    exchange.begin(200, { 'content-length': PIECE.length * 1000 })
    for (let count = 1; count <= 1000; count += 1) {
      await exchange.write(PIECE, count === 1000)
      written += 1
    }
    done.resolve()
  })
  using client = await rawClient(server.port)
  client.socket.pause()
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  for (let count = 0; count < 20; count += 1) await ask(server.port, '*', { method: 'OPTIONS' })
  assert.ok(written < 1000, 'everything was written without a reader')
  client.socket.resume()
  await done.promise
  assert.equal(written, 1000)
})

test('a reader that stopped reading is given up, and its exchange finishes with status 0', async () => {
  const piece = Buffer.alloc(256 * 1024)
  const endless = async (exchange: Exchange): Promise<void> => {
    exchange.begin(200, {})
    while (!exchange.signal.aborted) await exchange.write(piece, false)
  }
  await using server = await serve(endless, { limits: { silence: 100 } })
  using client = await rawClient(server.port)
  const finished = server.told.next('finished')
  client.socket.write('GET /x HTTP/1.1\r\nHost: x\r\n\r\n')
  client.socket.pause()
  await finished
  assert.deepEqual(server.told.statuses, [0])
  assert.deepEqual(server.told.failures, [])
})
