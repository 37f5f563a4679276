import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, watch, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  connect,
} from 'node:http2'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Refusal } from '../../src/core/refusals.ts'
import type { Handler } from '../../src/http/exchange.ts'
import type { ListenersOptions } from '../../src/http/listeners.ts'
import { readCertificate, watchCertificate } from '../../src/http/tls-certificate.ts'
import {
  type Running,
  collect,
  recordedEvents,
  replyTo,
  scratchFolder,
  serve,
  wrapSocket,
  writeCertificate,
} from './server-fixture.ts'

interface Secured extends Running {
  readonly folder: string
}

async function serveTls(
  handler: Handler,
  options: Partial<ListenersOptions> = {},
): Promise<Secured> {
  const folder = scratchFolder()
  const server = await serve(handler, { tls: writeCertificate(folder.path), ...options })
  return {
    ...server,
    folder: folder.path,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

async function session(port: number): Promise<ClientHttp2Session> {
  const client = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  client.on('error', () => {})
  await once(client, 'connect')
  return client
}

async function answerTo(stream: ClientHttp2Stream): Promise<{ status: number; body: string }> {
  let status = 0
  let body = ''
  stream.setEncoding('utf8')
  stream.on('response', (headers) => {
    status = Number(headers[':status'])
  })
  stream.on('data', (piece: string) => {
    body += piece
  })
  // Not `for await`: it fails on a stream whose own side was not ended, which is the case here.
  await new Promise((resolve) => stream.once('close', resolve))
  return { status, body }
}

function put(client: ClientHttp2Session, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  return client.request({ ':method': 'PUT', ':path': '/a?v=1', ...headers })
}

const echo: Handler = async (exchange) => {
  const { text, ending } = await collect(exchange)
  const { rawPath } = exchange.target
  exchange.reply({
    status: 201,
    body: `${rawPath}:${ending}:${text}:${exchange.contentLength}:${exchange.client.address}`,
  })
}

test('HTTP/2 requests are exchanges like any other', async () => {
  await using server = await serveTls(echo)
  const client = await session(server.port)
  const stream = put(client, { 'content-length': '5' })
  stream.end('hello')
  assert.deepEqual(await answerTo(stream), { status: 201, body: 'a:end:hello:5:127.0.0.1' })
  assert.deepEqual(server.told.statuses, [201])
  client.close()
})

test('HTTP/1.1 clients are served over TLS, too', async () => {
  await using server = await serveTls(echo)
  const client = request({
    host: '127.0.0.1',
    port: server.port,
    path: '/b',
    method: 'PUT',
    rejectUnauthorized: false,
  })
  client.end('hi')
  const reply = await replyTo(client)
  assert.deepEqual([reply.status, reply.body], [201, 'b:end:hi:2:127.0.0.1'])
})

test('an early answer over HTTP/2 arrives whole and the rest of the body is refused without an error', async () => {
  await using server = await serveTls(() => Promise.reject(new Refusal('file-too-large')))
  const client = await session(server.port)
  const stream = put(client, { 'content-length': '100000000' })
  stream.on('error', () => {})
  stream.write(Buffer.alloc(100_000))
  const { status, body } = await answerTo(stream)
  assert.equal(status, 413)
  assert.match(body, /file-too-large/)
  assert.equal(stream.rstCode, 0)
  const next = put(client)
  next.end()
  assert.equal((await answerTo(next)).status, 413)
  client.close()
})

test('100 Continue over HTTP/2 is sent when the body is pumped', async () => {
  await using server = await serveTls(echo)
  const client = await session(server.port)
  const stream = put(client, { expect: '100-continue' })
  await once(stream, 'continue')
  stream.end('ok')
  assert.match((await answerTo(stream)).body, /^a:end:ok:/)
  client.close()
})

test('a stream that its client resets ends the pump as cut, and so does cut', async () => {
  const endings: string[] = []
  const first = Promise.withResolvers<void>()
  await using server = await serveTls(async (exchange) => {
    const ending = await exchange.body.pump(() => {
      first.resolve()
      if (exchange.target.rawPath === 'cut') exchange.cut()
    })
    endings.push(ending)
  })
  const client = await session(server.port)
  const reset = put(client, { 'content-length': '100' })
  reset.on('error', () => {})
  reset.write('x')
  await first.promise
  const finished = server.told.next('finished')
  reset.close(8)
  await finished
  const cut = put(client, { ':path': '/cut' })
  cut.write('x')
  cut.on('error', () => {})
  await new Promise((resolve) => cut.once('close', resolve))
  assert.equal(cut.rstCode, 8)
  assert.deepEqual(endings, ['cut', 'cut'])
  assert.deepEqual([server.told.failures, server.told.statuses], [[], [0, 0]])
  client.close()
})

test('shutdown ends HTTP/2 connections after their running streams, and idle TLS ones', async () => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  await using server = await serveTls(async (exchange) => {
    asked.resolve()
    await release.promise
    exchange.reply({ status: 200, body: 'done' })
  })
  const client = await session(server.port)
  const stream = client.request({ ':path': '/' })
  await asked.promise
  const down = server.listeners.shutdown({ graceMs: 60_000, successor: false })
  release.resolve()
  assert.deepEqual(await answerTo(stream), { status: 200, body: 'done' })
  await down
  if (!client.destroyed) await once(client, 'close')
})

async function servedName(port: number): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const name = String(socket.getPeerCertificate().subject.CN)
  socket.destroy()
  return name
}

test('a changed certificate is used, a broken one is reported and the old one kept', async () => {
  await using server = await serveTls(echo)
  assert.equal(await servedName(server.port), 'localhost')
  const reloaded = server.told.next('certificateReloaded')
  const { certFile } = writeCertificate(server.folder, 'renewed.example')
  await reloaded
  assert.equal(await servedName(server.port), 'renewed.example')
  const refused = server.told.next('certificateRefused')
  writeFileSync(certFile, 'junk')
  await refused
  assert.equal(await servedName(server.port), 'renewed.example')
})

test('a certificate that cannot be used is reported once, however often it is written', async (t) => {
  using folder = scratchFolder()
  const files = writeCertificate(folder.path)
  const told = recordedEvents()
  const refused: unknown[] = []
  const certificateRefused = (error: unknown): void => {
    refused.push(error)
    told.certificateRefused(error)
  }
  const current = await readCertificate(files)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  using _watch = watchCertificate(files, {
    current,
    events: { ...told, certificateRefused },
    use: () => assert.fail('nothing can be used'),
  })
  // Told of a change after the watcher above, which has set its timer then.
  const seen = watch(folder.path)
  t.after(() => seen.close())
  const noticed = async (change: () => void): Promise<void> => {
    const event = once(seen, 'change')
    change()
    await event
    t.mock.timers.tick(1_000)
  }
  const first = told.next('certificateRefused')
  await noticed(() => writeFileSync(files.keyFile, 'junk'))
  await first
  await noticed(() => writeFileSync(files.keyFile, 'junk'))
  const second = told.next('certificateRefused')
  await noticed(() => rmSync(files.keyFile))
  await second
  assert.equal(refused.length, 2)
  assert.match(String(refused[1]), /ENOENT/u)
})

test('a certificate that cannot be used stops the start', async () => {
  using folder = scratchFolder()
  const files = writeCertificate(folder.path)
  writeFileSync(files.keyFile, 'junk')
  await assert.rejects(serve(echo, { tls: files }))
})

test('an HTTP/1.1 early answer over TLS survives the body that is still sent', async () => {
  await using server = await serveTls(() => Promise.reject(new Refusal('file-too-large')))
  const socket = connectTls({
    host: '127.0.0.1',
    port: server.port,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  })
  await once(socket, 'secureConnect')
  using client = wrapSocket(socket)
  socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n')
  for (let count = 0; count < 16; count += 1) socket.write(Buffer.alloc(65_536))
  assert.match(await client.ended, /^HTTP\/1\.1 413 .*file-too-large/s)
})
