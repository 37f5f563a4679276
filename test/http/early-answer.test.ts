import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { pokeUntilClosed, rawClient, serve } from './server-fixture.ts'

const refuseAll = (): Promise<never> => Promise.reject(new Refusal('file-too-large'))
const PUT = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n'

test('an early answer arrives while the client still sends, our side ends, and sending goes on unharmed', async () => {
  await using server = await serve(refuseAll)
  using client = await rawClient(server.port)
  client.socket.write(PUT)
  const answer = await client.ended
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(answer, /connection: close/i)
  // A reset would fail these writes.
  for (let count = 0; count < 32; count += 1) {
    if (!client.socket.write(Buffer.alloc(256 * 1024))) await once(client.socket, 'drain')
  }
  assert.equal(client.socket.destroyed, false)
  const closed = once(client.socket, 'close')
  client.socket.end()
  assert.deepEqual(await closed, [false])
})

test('a client that stays silent after an early answer is closed after five seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  await using server = await serve(refuseAll)
  using client = await rawClient(server.port)
  client.socket.write(PUT)
  await client.ended
  t.mock.timers.tick(4_000)
  assert.equal(client.socket.destroyed, false)
  t.mock.timers.tick(2_000)
  await pokeUntilClosed(client.socket)
})

test('a client that sends for ever after an early answer is closed after thirty seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  await using server = await serve(refuseAll)
  using client = await rawClient(server.port)
  client.socket.write(PUT)
  await client.ended
  let seconds = 0
  while (!client.socket.destroyed && seconds < 60) {
    client.socket.write(Buffer.alloc(65_536))
    // The server, in this process, reads once in every turn of the event loop.
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    t.mock.timers.tick(1_000)
    seconds += 1
  }
  assert.ok(seconds >= 30 && seconds < 60, `closed after ${seconds} s`)
})

test('the oldest lingering connection gives way to a newer one', async () => {
  await using server = await serve(refuseAll, { limits: { lingerConnections: 1 } })
  using older = await rawClient(server.port)
  older.socket.write(PUT)
  await older.ended
  using newer = await rawClient(server.port)
  newer.socket.write(PUT)
  await newer.ended
  await pokeUntilClosed(older.socket)
  assert.equal(newer.socket.destroyed, false)
})

test('a request that follows on a lingering connection is not run', async () => {
  for (const method of ['PUT', 'PATCH', 'POST']) {
    let runs = 0
    await using server = await serve(() => {
      runs += 1
      return refuseAll()
    })
    using client = await rawClient(server.port)
    client.socket.write(
      `${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\n\r\n`,
    )
    const answer = await client.ended
    assert.equal(answer.split('HTTP/1.1 ').length, 2)
    assert.equal(runs, 1)
  }
})
