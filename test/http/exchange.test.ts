import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { ask, collect, rawClient, replyTo, serve } from './server-fixture.ts'

test('a handler reads the whole body and its answer arrives', async () => {
  await using server = await serve(async (exchange) => {
    const { text, ending } = await collect(exchange)
    exchange.reply({ status: 201, body: `${ending}:${text}:${exchange.contentLength}` })
  })
  const reply = await ask(server.port, '/a', {
    method: 'PUT',
    body: 'hello',
    headers: { 'content-length': 5 },
  })
  assert.equal(reply.status, 201)
  assert.equal(reply.body, 'end:hello:5')
})

test('a connection is kept after a body was read, and no product name is told', async () => {
  await using server = await serve(async (exchange) => {
    await collect(exchange)
    exchange.reply({ status: 201 })
  })
  using client = await rawClient(server.port)
  const put = 'PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok'
  client.socket.write(put)
  await client.until('\r\n\r\n')
  assert.match(client.received(), /^HTTP\/1\.1 201 .*content-length: 0\r\n/s)
  assert.doesNotMatch(client.received(), /^(server|x-powered-by):|connection: close/im)
  client.socket.write(put)
  while (client.received().split('HTTP/1.1 201').length < 3)
    await client.until('HTTP/1.1 201').then(async () => await new Promise(setImmediate))
})

test('D18: a chunked body has no content length, and arrives', async () => {
  await using server = await serve(async (exchange) => {
    const { text } = await collect(exchange)
    exchange.reply({ status: 200, body: `${exchange.contentLength}:${text}` })
  })
  const headers = { 'transfer-encoding': 'chunked' }
  const reply = await ask(server.port, '/a', { method: 'PUT', body: 'hello', headers })
  assert.equal(reply.body, 'undefined:hello')
})

test('a transfer coding other than chunked is refused', async () => {
  await using server = await serve(async (exchange) => exchange.reply({ status: 200 }))
  using client = await rawClient(server.port)
  client.socket.write('PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n')
  assert.match(await client.ended, /^HTTP\/1\.1 400 /)
})

/** Methods with a body. */
const SENDERS = ['PUT', 'PATCH', 'POST']

for (const sender of SENDERS) {
  test(`100 Continue is sent when the body of a ${sender} is pumped, not before`, async () => {
    const authorised = Promise.withResolvers<void>()
    await using server = await serve(async (exchange) => {
      await authorised.promise
      exchange.reply({ status: 201, body: (await collect(exchange)).text })
    })
    const client = request({
      host: '127.0.0.1',
      port: server.port,
      method: sender,
      headers: { expect: '100-continue', 'content-length': 2 },
    })
    let continued = false
    client.on('continue', () => {
      continued = true
      client.end('ok')
    })
    client.flushHeaders()
    await ask(server.port, '*', { method: 'OPTIONS' })
    assert.equal(continued, false)
    authorised.resolve()
    assert.equal((await replyTo(client)).body, 'ok')
  })

  test(`a refusal of a ${sender} before 100 Continue is the first and only answer`, async () => {
    await using server = await serve(() => Promise.reject(new Refusal('grant-expired')))
    using client = await rawClient(server.port)
    client.socket.write(
      `${sender} / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
    )
    const answer = await client.ended
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.match(answer, /connection: close/i)
  })
}

test('an unknown expectation is refused with 417', async () => {
  await using server = await serve(async (exchange) => exchange.reply({ status: 200 }))
  const reply = await ask(server.port, '/', {
    method: 'PUT',
    headers: { expect: 'cake', 'content-length': 0 },
  })
  assert.equal(reply.status, 417)
})

test('the prefix is removed, the query split off, and absolute-form is understood', async () => {
  await using server = await serve(
    async (exchange) => {
      const { rawPath, query } = exchange.target
      exchange.reply({ status: 200, body: `${rawPath}|${query.get('v')}` })
    },
    { publicUrl: new URL('https://example.org/upload') },
  )
  assert.equal((await ask(server.port, '/upload/a%20b/c?v=1')).body, 'a%20b/c|1')
  assert.equal((await ask(server.port, 'http://example.org/upload/d?v=2')).body, 'd|2')
  assert.equal((await ask(server.port, '/uploads/a')).status, 404)
  assert.equal((await ask(server.port, '/')).status, 404)
})

test('a refused write is a problem document, a refused GET and HEAD are empty', async () => {
  await using server = await serve(() =>
    Promise.reject(new Refusal('no-credential', { secret: 'x' })),
  )
  const put = await ask(server.port, '/', { method: 'PUT', headers: { 'content-length': 0 } })
  assert.equal(put.headers['content-type'], 'application/problem+json')
  assert.equal(put.headers['www-authenticate'], 'Bearer')
  assert.equal(Number(put.headers['content-length']), put.body.length)
  assert.deepEqual(JSON.parse(put.body), {
    type: 'about:blank',
    title: 'The request carries no credential of a slot',
    status: 401,
    code: 'no-credential',
  })
  const get = await ask(server.port, '/')
  assert.deepEqual([get.status, get.body, get.headers['content-length']], [401, '', '0'])
  assert.equal(get.headers['cache-control'], 'no-store')
  const head = await ask(server.port, '/', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers['content-length']], [401, undefined])
  assert.equal(server.told.refusals.length, 3)
})

test('Retry-After comes from the row and Allow from the facts', async () => {
  const refusals = [
    new Refusal('upload-unfinished'),
    new Refusal('method-not-allowed', { allow: 'GET, HEAD' }),
  ]
  await using server = await serve(() => Promise.reject(refusals.shift()))
  assert.equal((await ask(server.port, '/')).headers['retry-after'], '5')
  const reply = await ask(server.port, '/', { method: 'POST', headers: { 'content-length': 0 } })
  assert.equal(reply.headers['allow'], 'GET, HEAD')
})

test('a bug is answered with 500, without its message, and reported', async () => {
  await using server = await serve(() => Promise.reject(new Error('secret path')))
  const reply = await ask(server.port, '/', { method: 'DELETE' })
  assert.equal(reply.status, 500)
  assert.doesNotMatch(reply.body, /secret/)
  assert.match(String(server.told.failures[0]), /secret path/)
})

test('a handler that forgets to answer is a bug, not a hanging client', async () => {
  await using server = await serve(async () => {})
  assert.equal((await ask(server.port, '/')).status, 500)
})

test('every answer, errors included, may be read by any origin', async () => {
  await using server = await serve(() => Promise.reject(new Refusal('not-found')))
  for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
    const { headers } = await ask(server.port, '/', { method, headers: { 'content-length': 0 } })
    assert.equal(headers['access-control-allow-origin'], '*')
    assert.match(headers['access-control-expose-headers'] ?? '', /Content-Range/)
    assert.equal(headers['access-control-allow-credentials'], undefined)
  }
})

test('OPTIONS * is answered with 200 by the listener itself, unless somebody else is to', async () => {
  await using server = await serve(() => Promise.reject(new Error('not asked')))
  const reply = await ask(server.port, '*', { method: 'OPTIONS' })
  assert.equal(reply.status, 200)
  assert.match(
    String(reply.headers['access-control-allow-headers']),
    /Authorization.*X-Challenge-Response/,
  )
  await using other = await serve(() => Promise.reject(new Error('not asked')), {
    aboutServer: async (exchange) => exchange.reply({ status: 200, headers: { allow: 'GET' } }),
  })
  assert.equal((await ask(other.port, '*', { method: 'OPTIONS' })).headers['allow'], 'GET')
})

test('ids differ and the client cannot choose them', async () => {
  await using server = await serve(async (exchange) =>
    exchange.reply({ status: 200, body: exchange.id }),
  )
  const headers = { 'x-request-id': 'mine' }
  const first = await ask(server.port, '/', { headers })
  const second = await ask(server.port, '/', { headers })
  assert.notEqual(first.body, second.body)
  assert.doesNotMatch(first.body + JSON.stringify(first.headers), /mine/)
})

test('the signal fires when the client leaves before the answer', async () => {
  const aborted = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  await using server = await serve(async (exchange) => {
    exchange.signal.addEventListener('abort', () => aborted.resolve())
    asked.resolve()
    await aborted.promise
  })
  const finished = server.told.next('finished')
  using client = await rawClient(server.port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked.promise
  client.socket.destroy()
  await aborted.promise
  await finished
  assert.deepEqual(server.told.statuses, [0])
})

test('several Authorization fields are refused: which one counts would be a guess', async () => {
  await using server = await serve(async (exchange) => exchange.reply({ status: 200 }))
  using client = await rawClient(server.port)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n',
  )
  await client.until('HTTP/1.1 400')
})

test('OPTIONS is answered with 200 outside the prefix, too', async () => {
  const publicUrl = new URL('http://127.0.0.1/upload/')
  for (const fastLane of ['auto', 'off'] as const) {
    await using server = await serve(async (exchange) => exchange.reply({ status: 204 }), {
      publicUrl,
      fastLane,
    })
    assert.equal((await ask(server.port, '/none', { method: 'OPTIONS' })).status, 200, fastLane)
    assert.equal((await ask(server.port, '/none')).status, 404, fastLane)
  }
})
