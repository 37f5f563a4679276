import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ending } from '../../src/core/bytes.ts'
import { ask, rawClient, serve } from './server-fixture.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const PUT = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx'

test('idle connections are closed, new ones are refused, and running requests finish', async () => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  await using server = await serve(async (exchange) => {
    if (exchange.target.rawPath === 'slow') {
      asked.resolve()
      await release.promise
    }
    exchange.reply({ status: 200, body: 'done' })
  })
  using idle = await rawClient(server.port)
  idle.socket.write(GET)
  await idle.until('done')
  using busy = await rawClient(server.port)
  busy.socket.write(GET.replace('/', '/slow'))
  await asked.promise
  const down = server.listeners.shutdown({ graceMs: 60_000, successor: false })
  await idle.ended
  await assert.rejects(ask(server.port, '/'), /ECONNREFUSED/)
  release.resolve()
  assert.match(await busy.ended, /^HTTP\/1\.1 200 .*connection: close.*done$/is)
  await down
})

test('a request on an existing connection is refused with shutting-down', async () => {
  const release = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  await using server = await serve(async (exchange) => {
    if (exchange.target.rawPath === 'slow') {
      asked.resolve()
      await release.promise
    }
    exchange.reply({ status: 200 })
  })
  using busy = await rawClient(server.port)
  busy.socket.write(GET.replace('/', '/slow'))
  await asked.promise
  using late = await rawClient(server.port)
  late.socket.write('GET / HTTP/1.1\r\n')
  // Asked after it, answered after it was read.
  await ask(server.port, '/')
  const down = server.listeners.shutdown({ graceMs: 60_000, successor: false })
  late.socket.write('Host: x\r\n\r\n')
  const answer = await late.ended
  assert.match(answer, /^HTTP\/1\.1 503 /)
  assert.match(answer, /retry-after: 0/i)
  assert.match(answer, /connection: close/i)
  release.resolve()
  await down
})

for (const successor of [true, false]) {
  const claim = successor ? 'sent to the successor by a 503' : 'cut unanswered'
  test(`an upload that outlives its grace is ${claim}, and its pump ends as cut`, async () => {
    const ending = Promise.withResolvers<Ending>()
    const taken = Promise.withResolvers<void>()
    await using server = await serve(async (exchange) => {
      ending.resolve(await exchange.body.pump(() => taken.resolve()))
      exchange.reply({ status: 201 })
    })
    using client = await rawClient(server.port)
    client.socket.write(PUT)
    await taken.promise
    const down = server.listeners.shutdown({ graceMs: 1, successor })
    const answer = await client.ended
    if (successor) assert.match(answer, /^HTTP\/1\.1 503 .*retry-after: 0/is)
    else assert.equal(answer, '')
    assert.equal(await ending.promise, 'cut')
    client.socket.end()
    await down
    assert.deepEqual([server.told.failures, server.told.statuses], [[], [successor ? 503 : 0]])
  })
}

test('a connection that never sent a whole request does not hold up the end', async () => {
  await using server = await serve(async () => {})
  using client = await rawClient(server.port)
  client.socket.write('GET / HT')
  await server.listeners.shutdown({ graceMs: 10, successor: true })
  assert.equal(await client.ended, '')
})
