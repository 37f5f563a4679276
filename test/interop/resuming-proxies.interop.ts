/** Uploads that resume behind real reverse proxies with a path prefix, over connections that break. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { InformationEvent } from 'node:http'
import { type IncomingHttpHeaders, connect } from 'node:http2'
import { request } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { DefaultHttpStack, Upload } from 'tus-js-client'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { upload } from '../../src/client/node/main.ts'
import { type Cut, type CutKind, cuttingProxy } from '../app/cutting-proxy.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { type FrontProxy, startCaddy, startHaproxy, startNginx } from './front-proxy.ts'
import { type HiddenServer, hiddenServer } from './hidden-server.ts'
import { type Answer, answerTo, get, put } from './http-client.ts'
import type { ProxySite } from './proxies/proxy-site.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'
import { signedUrl } from './signed-url.ts'
import { tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'

const SIZE = 8_000_000
const LIMIT = 60_000
/** Bytes per second. */
const RATE = 10_000_000
/** No time-out of the server's may be what ends a silent connection. */
const PATIENT = { http: { body_idle: '10m' } }

const random = seededRandom(seedOfThisRun())
const content = random.bytes(SIZE)
const sha256 = createHash('sha256').update(content).digest('hex')

const FRONTS: Readonly<Record<string, (site: ProxySite) => Promise<FrontProxy>>> = {
  nginx: async (site) => await startNginx(site),
  HAProxy: startHaproxy,
  Caddy: startCaddy,
}

/** An address that no proxy has, so that interim answers go out by themselves. */
const PHONE = '127.0.0.2'

/** Fields of a whole upload in one request, in the version that iOS speaks. */
const WHOLE = { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '6' }

/** A whole upload over a listener of 127.0.0.1. */
interface WholeUpload {
  readonly url: string
  readonly port: number
  readonly ca: string
  readonly from?: string
}

/** What a client was told: `Location` of each interim answer, if it has one, and the status of the final one. */
interface Told {
  readonly interim: readonly unknown[]
  readonly status: number
}

const WHOLE_UPLOADS: Readonly<Record<string, (upload: WholeUpload) => Promise<Told>>> = {
  'HTTP/1.1': overHttp1,
  'HTTP/2': overHttp2,
}

async function overHttp1({ url, port, ca, from }: WholeUpload): Promise<Told> {
  const headers = { ...WHOLE, 'Content-Length': SIZE }
  const local = from === undefined ? {} : { localAddress: from, host: '127.0.0.1' }
  const client = request(url, { method: 'PUT', headers, ca, port, agent: false, ...local })
  const interim: unknown[] = []
  client.on('information', (event: InformationEvent) => interim.push(event.headers['location']))
  client.end(content)
  const { status } = await answerTo(client)
  return { interim, status }
}

async function overHttp2({ url, port, ca, from }: WholeUpload): Promise<Told> {
  const { pathname, search } = new URL(url)
  const local = from === undefined ? {} : { localAddress: from, host: '127.0.0.1' }
  const session = connect(`https://localhost:${port}`, { ca, ...local })
  const head = { ':method': 'PUT', ':path': `${pathname}${search}`, 'content-length': SIZE }
  const stream = session.request({ ...head, ...WHOLE })
  const interim: unknown[] = []
  stream.on('headers', (fields: IncomingHttpHeaders) => interim.push(fields['location']))
  const answered = once(stream, 'response')
  stream.end(content)
  const [fields]: [IncomingHttpHeaders] = JSON.parse(JSON.stringify(await answered))
  stream.close()
  session.destroy()
  const status = Number(fields[':status'])
  return { interim, status }
}

/** A front, and before it a way that is cut as told; clients are led through it. */
interface Place extends AsyncDisposable {
  readonly site: HiddenServer
  readonly slot: (path: string) => string
  /** Fails unless every cut was made and the file is what was sent. */
  readonly assertStored: (path: string) => Promise<void>
}

async function place(
  start: (site: ProxySite) => Promise<FrontProxy>,
  cuts: readonly Cut[] = [],
): Promise<Place> {
  await using stack = new AsyncDisposableStack()
  let port = 0
  const way = stack.use(await cuttingProxy(() => port, cuts))
  const site = stack.use(await hiddenServer(PATIENT, way.port))
  stack.use(await start(site))
  ;({ port } = site)
  const kept = stack.move()
  return {
    site,
    slot: (path) => signedUrl(site.server, path, SIZE),
    async assertStored(path) {
      assert.equal(way.left(), 0, 'every cut was made')
      const stored = await get(`${site.server.publicUrl}${path}`, { ca: site.ca })
      assert.deepEqual([stored.status, stored.sha256], [200, sha256])
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

/** One in each half. */
function cutsOf(kind: CutKind): Cut[] {
  const half = SIZE / 2
  return [random.integer(half / 4, half), random.integer(half, SIZE)].map((at) => ({ at, kind }))
}

for (const [name, start] of Object.entries(FRONTS)) {
  describe(`behind ${name} (SEED=${random.seed})`, { timeout: 5 * LIMIT }, () => {
    for (const kind of ['reset', 'hole'] satisfies CutKind[]) {
      test(`our client goes on after a ${kind}`, async () => {
        await using here = await place(start, cutsOf(kind))
        const starts: number[] = []
        let losses = 0
        const slot = { put: here.slot('film.mp4'), get: here.slot('film.mp4') }
        await upload(new Blob([content]), slot, {
          // Slow enough for the server to have read most of what is cut.
          transport: httpTransport({ ca: here.site.ca, rate: RATE }),
          signal: AbortSignal.timeout(LIMIT),
          onEvent: (event) => {
            if (event.kind === 'sending') starts.push(event.offset)
            if (event.kind === 'lost') losses += 1
          },
        })
        await here.assertStored('film.mp4')
        assert.equal(losses, 2)
        assert.deepEqual(
          starts,
          starts.toSorted((a, b) => a - b),
          'it never goes back',
        )
      })

      test(`tus-js-client goes on after a ${kind}`, async () => {
        await using here = await place(start, cutsOf(kind))
        await uploadByTus(here.slot('film.mp4'), here.site.ca)
        await here.assertStored('film.mp4')
      })
    }

    test('pieces by Content-Range become a file', async () => {
      await using here = await place(start)
      const url = here.slot('film.mp4')
      const half = SIZE / 2
      const part = async (from: number, to: number): Promise<Answer> => {
        const headers = { 'Content-Range': `bytes ${from}-${to - 1}/${SIZE}` }
        return await put(url, content.subarray(from, to), { headers, ca: here.site.ca })
      }
      const first = await part(0, half)
      assert.deepEqual([first.status, first.headers.range], [308, `bytes=0-${half - 1}`])
      const wrong = await part(half + 1, SIZE)
      assert.deepEqual([wrong.status, wrong.headers['upload-offset']], [409, String(half)])
      assert.equal((await part(half, SIZE)).status, 201)
      await here.assertStored('film.mp4')
    })

    for (const [protocol, send] of Object.entries(WHOLE_UPLOADS)) {
      test(`a client that could be told of its upload by ${protocol} gets no 104, and its 201`, async () => {
        await using here = await place(start)
        const { port, ca } = here.site
        const told = await send({ url: here.slot('film.mp4'), port, ca })
        assert.deepEqual(told, { interim: [], status: 201 })
        await here.assertStored('film.mp4')
      })
    }
  })
}

describe('with TLS of our own', { timeout: LIMIT }, () => {
  const stack = new AsyncDisposableStack()
  let server: FileServer
  let ca: string

  before(async () => {
    const folder = stack.use(await tempFolder('ca')).path
    const authority = await throwawayCa(folder)
    const { certFile, keyFile } = await authority.issue(['localhost'])
    ca = await readFile(authority.caFile, 'utf8')
    const publicUrl = 'https://localhost:{port}/upload/'
    const config = { ...PATIENT, server: { tls_cert: certFile, tls_key: keyFile } }
    server = stack.use(await startFileServer({ publicUrl, config }))
  })
  after(async () => await stack.disposeAsync())

  for (const [protocol, send] of Object.entries(WHOLE_UPLOADS)) {
    test(`a client is told of its upload while it sends by ${protocol}`, async () => {
      const path = `direct/${protocol}.mp4`
      const { port } = server
      const told = await send({ url: signedUrl(server, path, SIZE), port, ca, from: PHONE })
      assert.equal(told.status, 201)
      assert.match(
        String(told.interim[0]),
        /^https:\/\/localhost:\d+\/upload\/-\/uploads\/[\w-]+$/u,
      )
      const stored = await get(`${server.publicUrl}${path}`, { ca })
      assert.deepEqual([stored.status, stored.sha256], [200, sha256])
    })
  }
})

async function uploadByTus(endpoint: string, ca: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const options = {
    endpoint,
    retryDelays: [0, 10, 50, 100, 500],
    httpStack: new DefaultHttpStack({ ca }),
    onSuccess: () => resolve(),
    onError: reject,
  }
  new Upload(content, options).start()
  await promise
}
