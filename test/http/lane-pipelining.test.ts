import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import type { Handler } from '../../src/http/exchange.ts'
import { rawClient, serve } from './server-fixture.ts'

/** Answers GET when `release` resolves, PUT with the number of bytes that came. */
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

function headOf(length: number, more = ''): string {
  return `PUT /b HTTP/1.1\r\nHost: x\r\n${more}Content-Length: ${length}\r\n\r\n`
}

test('a large body that was sent ahead of an answer is received when its turn comes', async () => {
  for (const size of [70_000, 1_000_000]) {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using server = await serve(waitingFor(promise))
    using client = await rawClient(server.port)
    client.socket.write(GET)
    client.socket.write(Buffer.concat([Buffer.from(headOf(size)), Buffer.alloc(size)]))
    setImmediate(resolve)
    await client.until(`PUT end ${size};`)
  }
})

test('whoever sends two requests and closes its side gets both answers', async () => {
  await using server = await serve(waitingFor(Promise.resolve()))
  using client = await rawClient(server.port)
  client.socket.end(`${headOf(3)}abc${headOf(4)}abcd`)
  const answers = await client.ended
  assert.match(answers, /PUT end 3;.*PUT end 4;/su)
})

test('whoever sends an empty PUT and closes its side gets the answer', async () => {
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(waitingFor(Promise.resolve()), { fastLane })
    using client = await rawClient(server.port)
    client.socket.end(headOf(0))
    assert.match(await client.ended, /PUT end 0;/u, fastLane)
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
