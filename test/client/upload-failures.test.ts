/** The resuming client against answers and networks that do not let it get anywhere at once. */
import assert from 'node:assert/strict'
import { type RequestListener, createServer } from 'node:http'
import { type Socket, connect } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { type UploadEvent, startUpload } from '../../src/client/resuming-upload.ts'
import type { Transport } from '../../src/client/transport.ts'
import { UploadDeferred, UploadRefused, expectStatus } from '../../src/client/upload-answers.ts'

const URL_OF_SLOT = 'http://127.0.0.1/a1b2/film.mp4'

/** Answers with what is left, in order, and tells what it was asked; the last answer is repeated. */
function scripted(answers: readonly (readonly [number, Record<string, string>?])[]): {
  transport: Transport
  asked: string[]
} {
  const asked: string[] = []
  return {
    asked,
    transport: async ({ method }) => {
      const [status, headers = {}] = answers[Math.min(asked.length, answers.length - 1)] ?? [500]
      asked.push(method)
      return { status, headers: new Headers(headers) }
    },
  }
}

const CREATED = [201, { location: '/-/uploads/abc' }] as const

function uploadBy(transport: Transport, events: UploadEvent[] = []): Promise<void> {
  const onEvent = (event: UploadEvent): void => void events.push(event)
  const signal = AbortSignal.timeout(10_000)
  return startUpload({ url: URL_OF_SLOT, file: new Blob(['film']), signal, transport, onEvent })
    .done
}

test('an upload whose creations are all gone at once is refused after the third', async () => {
  const gone = [CREATED, [404]] as const
  const { transport, asked } = scripted([...gone, ...gone, ...gone, ...gone, CREATED, [201]])
  await assert.rejects(uploadBy(transport), (error) => {
    assert.ok(error instanceof UploadRefused)
    assert.equal(error.status, 404)
    return true
  })
  assert.deepEqual(asked, ['PUT', 'PATCH', 'PUT', 'PATCH', 'PUT', 'PATCH'])
})

test('an upload that is gone is told as lost and begins anew', async () => {
  const { transport, asked } = scripted([CREATED, [410], CREATED, [201]])
  const events: UploadEvent[] = []
  await uploadBy(transport, events)
  assert.deepEqual(asked, ['PUT', 'PATCH', 'PUT', 'PATCH'])
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['created', 'sending', 'lost', 'created', 'sending'],
  )
})

test('uploads that had got somewhere may be gone more often than that', async () => {
  const lost = [CREATED, [503], [204, { 'upload-offset': '2' }], [404]] as const
  const { transport } = scripted([...lost, ...lost, ...lost, CREATED, [201]])
  await uploadBy(transport)
})

function told(status: number): () => void {
  return () => expectStatus({ status, headers: new Headers() }, [200], 'It')
}

test('what is said of now only defers an upload; what is said of it ends it', () => {
  for (const status of [408, 423, 425, 429, 500, 503]) assert.throws(told(status), UploadDeferred)
  for (const status of [400, 403, 404, 409, 413]) assert.throws(told(status), UploadRefused)
})

test('an upload goes on after answers that only defer it', async () => {
  const { transport, asked } = scripted([
    [423],
    CREATED,
    [408],
    [204, { 'upload-offset': '0' }],
    [200],
  ])
  await uploadBy(transport)
  assert.deepEqual(asked, ['PUT', 'PUT', 'PATCH', 'HEAD', 'PATCH'])
})

test('a connection that is never made is given up', async () => {
  const sockets: Socket[] = []
  const transport = httpTransport({
    stall: 100,
    // A resolver that never answers.
    connect: () => {
      const socket = connect({ host: 'nowhere.invalid', port: 1, lookup: () => {} })
      sockets.push(socket)
      return socket
    },
  })
  const signal = AbortSignal.timeout(5_000)
  const asking = transport({ method: 'HEAD', url: URL_OF_SLOT, headers: {}, signal })
  await assert.rejects(asking, /connection is dead/u)
  assert.ok(sockets[0]?.destroyed)
})

test('a rate that is slower than a connection may stall does not kill the connection', async () => {
  let received = 0
  await using site = await serving((request, response) => {
    request.on('data', (piece: Buffer) => (received += piece.length))
    request.on('end', () => response.end())
  })
  const answer = await httpTransport({ stall: 1000, rate: 40_000 })({
    method: 'PUT',
    url: site.url,
    headers: {},
    body: new Blob(['x'.repeat(66_000)]),
    signal: AbortSignal.timeout(10_000),
  })
  assert.deepEqual([answer.status, received], [200, 66_000])
})

async function serving(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}
