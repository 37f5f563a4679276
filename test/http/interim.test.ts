import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type InformationEvent, request } from 'node:http'
import { connect } from 'node:http2'
import { test } from 'node:test'
import { clientAddressPolicy } from '../../src/http/client-address.ts'
import type { Handler } from '../../src/http/exchange.ts'
import {
  ask,
  collect,
  rawClient,
  replyTo,
  scratchFolder,
  serve,
  writeCertificate,
} from './server-fixture.ts'

/** Informs twice, before the body is read and after, and once too late. */
const informing: Handler = async (exchange) => {
  exchange.inform(104, { location: '/u/1' })
  await collect(exchange)
  exchange.inform(104, { 'upload-offset': '2' })
  exchange.reply({ status: 201 })
  exchange.inform(104, { 'upload-offset': '3' })
}

for (const method of ['PUT', 'PATCH', 'POST']) {
  for (const fastLane of ['auto', 'off'] as const) {
    test(`interim answers to a ${method} come before the final one over HTTP/1.1, and none after it, lane ${fastLane}`, async () => {
      await using server = await serve(informing, { fastLane })
      const headers = { 'content-length': 2 }
      const client = request({ host: '127.0.0.1', port: server.port, method, headers })
      const told: InformationEvent[] = []
      client.on('information', (event) => {
        told.push(event)
        if (told.length === 1) client.end('ok')
      })
      client.flushHeaders()
      assert.equal((await replyTo(client)).status, 201)
      assert.deepEqual(
        told.map(({ statusCode, statusMessage, headers: fields }) => [
          statusCode,
          statusMessage,
          fields['location'] ?? fields['upload-offset'],
        ]),
        [
          [104, 'Upload Resumption Supported', '/u/1'],
          [104, 'Upload Resumption Supported', '2'],
        ],
      )
    })
  }
}

test('interim answers come before the final one over HTTP/2', async () => {
  using folder = scratchFolder()
  await using server = await serve(informing, { tls: writeCertificate(folder.path) })
  const client = connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false })
  const stream = client.request({ ':method': 'PUT', ':path': '/a' })
  const told: unknown[] = []
  stream.on('headers', (fields) => {
    told.push([fields[':status'], fields['location'] ?? fields['upload-offset']])
    if (told.length === 1) stream.end('ok')
  })
  stream.resume()
  const [fields] = await once(stream, 'response')
  assert.equal(fields[':status'], 201)
  await once(stream, 'close')
  assert.deepEqual(told, [
    [104, '/u/1'],
    [104, '2'],
  ])
  client.close()
})

test('a client of HTTP/1.0 gets no interim answer', async () => {
  await using server = await serve(informing)
  using client = await rawClient(server.port)
  client.socket.write('PUT /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nok')
  assert.match(await client.ended, /^HTTP\/1\.1 201 /u)
})

test('a request sent ahead is begun after the answer to the one before, and informs after it', async () => {
  for (const fastLane of ['auto', 'off'] as const) {
    const order: string[] = []
    const handler: Handler = async (exchange) => {
      const { rawPath } = exchange.target
      order.push(`${rawPath} begun`)
      if (rawPath === 'one') await new Promise(setImmediate)
      else exchange.inform(104, { location: '/secret' })
      order.push(`${rawPath} answered`)
      exchange.reply({ status: 200, body: rawPath })
    }
    await using server = await serve(handler, { fastLane })
    using client = await rawClient(server.port)
    client.socket.write('GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until('two')
    assert.ok(client.received().indexOf('104') > client.received().indexOf('one'))
    assert.deepEqual(order, ['one begun', 'one answered', 'two begun', 'two answered'], fastLane)
  }
})

const tellingWay: Handler = async (exchange) =>
  exchange.reply({ status: 200, body: exchange.interimWay })

/** What becomes of an interim answer to a request with these fields. */
async function wayOf(trusted: string[], headers: Record<string, string>): Promise<string> {
  const clientAddress = clientAddressPolicy({ source: 'peer', trustedProxies: trusted })
  await using server = await serve(tellingWay, { clientAddress })
  return (await ask(server.port, '/', { headers })).body
}

test('a request that a proxy passed on is known as such, by its peer or by its fields', async () => {
  assert.equal(await wayOf([], {}), 'direct')
  assert.equal(await wayOf(['127.0.0.0/8'], {}), 'proxied')
  for (const name of ['Via', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Proto']) {
    assert.equal(await wayOf([], { [name]: 'x' }), 'proxied')
  }
})
