import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { openAsBlob } from 'node:fs'
import type { RequestListener } from 'node:http'
import { type Socket, connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectingTransport } from '../../src/client/node/connecting-transport.ts'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import type { UploadRequest } from '../../src/client/transport.ts'
import { temporaryFolder } from '../app/site.ts'
import { localServer } from './local-server.ts'

function request(url: string, more: Partial<UploadRequest> = {}): UploadRequest {
  return { method: 'PATCH', url, headers: {}, signal: AbortSignal.timeout(10_000), ...more }
}

/** Reads the whole body, then answers. */
const reading: RequestListener = (asked, response) => {
  asked.resume().once('end', () => response.writeHead(204).end())
}

test('one append after the other goes over the same connection', async () => {
  await using site = await localServer(reading)
  const transport = httpTransport()
  for (const body of ['one', 'two', 'three']) {
    const { status } = await transport(request(site.url, { body: new Blob([body]) }))
    assert.equal(status, 204)
  }
  assert.equal(site.connections, 1)
})

test('a probe never goes over a connection that was there before', async () => {
  await using site = await localServer(reading)
  const transport = httpTransport()
  await transport(request(site.url, { body: new Blob(['one']) }))
  await transport(request(site.url, { method: 'GET' }))
  assert.equal(site.connections, 2)
})

test('after a loss no connection that rested meanwhile is used', async () => {
  await using site = await localServer((asked, response) => {
    if (asked.method === 'PUT') asked.socket.destroy()
    else reading(asked, response)
  })
  const transport = httpTransport()
  const patch = request(site.url, { body: new Blob(['one']) })
  await Promise.all([transport(patch), transport(patch)])
  await assert.rejects(transport(request(site.url, { method: 'PUT' })))
  await transport(patch)
  assert.equal(site.connections, 3)
})

test('bytes are told when the system has taken them, and in the end all', async () => {
  await using site = await localServer(reading)
  const told: number[] = []
  const body = new Blob(['x'.repeat(200_000)])
  await httpTransport()(request(site.url, { body, onSent: (bytes) => void told.push(bytes) }))
  assert.deepEqual(told, [65_536, 131_072, 196_608, 200_000])
})

test('nothing is told of bytes that nobody takes', async () => {
  await using site = await localServer(() => {})
  const told: number[] = []
  const { promise: quiet, resolve } = Promise.withResolvers<void>()
  const giving = new AbortController()
  const size = 64_000_000
  const asked = httpTransport()(
    request(site.url, {
      body: new Blob([new Uint8Array(size)]),
      signal: giving.signal,
      onSent(bytes) {
        told.push(bytes)
        // The server's first batch is all that it reads.
        if (told.length === 2) resolve()
      },
    }),
  )
  await quiet
  giving.abort(new Error('enough'))
  await assert.rejects(asked)
  assert.ok((told.at(-1) ?? size) < size)
})

test('an answer that comes before the last byte is the answer', async () => {
  await using site = await localServer((_, response) => {
    response.writeHead(413, { 'content-type': 'application/problem+json', connection: 'close' })
    response.end('{"code":"file-too-large"}')
  })
  const body = new Blob([new Uint8Array(8_000_000)])
  const answer = await httpTransport()(request(site.url, { method: 'PUT', body }))
  assert.deepEqual([answer.status, answer.problem], [413, 'file-too-large'])
})

for (const [words, document] of [
  ['that is too long', `{"code":"x","more":"${'x'.repeat(20_000)}"}`],
  ['that is none', '<html></html>'],
] as const) {
  test(`an explanation ${words} is left out of the answer`, async () => {
    await using site = await localServer(
      (_, response) => void response.writeHead(403).end(document),
    )
    const answer = await httpTransport()(request(site.url))
    assert.deepEqual([answer.status, answer.problem], [403, undefined])
  })
}

test('an explanation that is cut short does not matter', async () => {
  await using site = await localServer((asked, response) => {
    response.writeHead(403, { 'content-length': '1000' }).write('{"code":')
    setImmediate(() => asked.socket.destroy())
  })
  assert.equal((await httpTransport()(request(site.url))).status, 403)
})

test('a body that cannot be read is the reason, and is not waited for', async () => {
  await using site = await localServer(reading)
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, 'film')
  const body = await openAsBlob(path)
  await rm(path)
  await assert.rejects(httpTransport()(request(site.url, { body })), { name: 'NotReadableError' })
})

for (const [words, bytes] of [
  ['fewer', 10],
  ['more', 30],
] as const) {
  test(`a stream of ${words} bytes than were announced is another file, and the connection is given up`, async () => {
    await using site = await localServer(reading)
    const body = { size: 20, stream: () => ReadableStream.from([new Uint8Array(bytes)]) }
    const asked = httpTransport()(request(site.url, { body }))
    await assert.rejects(asked, { code: 'source-changed' })
  })
}

test('a connection that is never made is left when the signal fires', async () => {
  const sockets: Socket[] = []
  const transport = connectingTransport({
    // A resolver that never answers.
    connect: () => {
      const socket = connect({ host: 'nowhere.invalid', port: 1, lookup: () => {} })
      sockets.push(socket)
      return socket
    },
  })
  const giving = new AbortController()
  const asked = transport(request('http://127.0.0.1/', { signal: giving.signal }))
  giving.abort(new Error('enough'))
  await assert.rejects(asked)
  assert.ok(sockets[0]?.destroyed)
})

test('a slow rate sends a few bytes at least four times a second', async () => {
  await using site = await localServer(reading)
  const told: number[] = []
  const body = new Blob(['x'.repeat(2000)])
  const onSent = (bytes: number): void => void told.push(bytes)
  await httpTransport({ rate: 4000 })(request(site.url, { body, onSent }))
  assert.deepEqual(told, [1000, 2000])
})
