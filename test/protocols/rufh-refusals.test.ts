import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { refusing } from '../../src/protocols/rufh/refusals.ts'
import { uploadFields } from '../../src/protocols/rufh/upload-fields.ts'
import { type Reply, ask, rawClient, serve } from '../http/server-fixture.ts'

const SIX = { 'upload-draft-interop-version': '6' }

/** The answer to a request of interop 6 that ends in this refusal. */
async function answerTo(refusal: Refusal, method = 'PATCH'): Promise<Reply> {
  await using server = await serve(async (exchange) => {
    await refusing(exchange, uploadFields(exchange.headers), () => Promise.reject(refusal))
  })
  return await ask(server.port, '/', { method, headers: SIX })
}

test('a request that waited in vain for an earlier one is cut, not answered', async () => {
  await using server = await serve(async (exchange) => {
    const settling = new Refusal('upload-settling')
    await refusing(exchange, uploadFields(exchange.headers), () => Promise.reject(settling))
  })
  using client = await rawClient(server.port)
  client.socket.write('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.equal(await client.ended, '')
})

test('limits answer 503 with Retry-After, never 429', async () => {
  const { status, headers } = await answerTo(new Refusal('too-many-uploads'))
  assert.deepEqual([status, headers['retry-after']], [503, '60'])
})

test('every refusal names the version spoken and keeps its code', async () => {
  for (const code of ['upload-gone', 'disk-full', 'slot-conflict', 'state-unavailable'] as const) {
    const { headers, body } = await answerTo(new Refusal(code))
    assert.equal(headers['upload-draft-interop-version'], '6')
    assert.match(body, new RegExp(`"code":"${code}"`, 'u'))
    assert.equal(headers['content-length'], String(body.length))
  }
})

test('a refused question has no body', async () => {
  const { status, body } = await answerTo(new Refusal('upload-gone'), 'HEAD')
  assert.deepEqual([status, body], [410, ''])
})

test('what is no refusal stays a failure of the server', async () => {
  await using server = await serve(async (exchange) => {
    await refusing(exchange, uploadFields({}), () => Promise.reject(new TypeError('a bug')))
  })
  assert.equal((await ask(server.port, '/')).status, 500)
  assert.equal(server.told.failures.length, 1)
})
