/** The resuming client against a finished server, over connections that fail. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { openNetwork } from '../../scripts/demo/network.ts'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import {
  type ResumingUploadOptions,
  type UploadEvent,
  startUpload,
} from '../../src/client/resuming-upload.ts'
import type { Transport, UploadAnswer } from '../../src/client/transport.ts'
import type { Cut, CutKind } from '../app/cutting-proxy.ts'
import { type ProxiedSite, proxiedSite } from '../app/proxied-site.ts'
import { stored } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'

const PATH = 'a1b2/holiday film.mp4'
const SIZE = 3_000_000
const LIMIT = 30_000

/** With a file, and the slot for it. */
interface Place extends ProxiedSite {
  readonly content: Buffer
  /** The slot, as a client is told of it. */
  readonly slot: Pick<ResumingUploadOptions, 'url' | 'file' | 'signal'>
}

async function place(cuts: readonly Cut[] = [], content = randomBytes(SIZE)): Promise<Place> {
  const through = await proxiedSite(cuts)
  const { target } = signedPut(PATH, content)
  return {
    ...through,
    content,
    slot: {
      url: `http://127.0.0.1:${through.proxy.port}${target}`,
      file: new Blob([content]),
      signal: AbortSignal.timeout(LIMIT),
    },
  }
}

/** Offsets at which bytes were sent, in order. */
function startsOf(events: readonly UploadEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'sending' ? [event.offset] : []))
}

for (const [name, transport] of [
  ['fetch', undefined],
  ['the client of Node.js', httpTransport()],
] as const) {
  describe(`by ${name}`, () => {
    for (const kind of ['reset', 'hole', 'lost-answer'] satisfies CutKind[]) {
      test(`an upload comes through a ${kind}, and goes on where the server stands`, async () => {
        const cuts: Cut[] = kind === 'lost-answer' ? [{ at: SIZE, kind }] : cutsAt(kind)
        await using here = await place(cuts)
        const events: UploadEvent[] = []
        const how = transport === undefined ? {} : { transport }
        const onEvent = (event: UploadEvent): void => void events.push(event)
        await startUpload({ ...here.slot, ...how, onEvent }).done
        assert.equal(here.proxy.left(), 0)
        assert.ok((await contentOf(here.site, PATH)).equals(here.content))
        const starts = startsOf(events)
        assert.equal(starts.length, kind === 'lost-answer' ? 1 : 3)
        assert.deepEqual(
          starts,
          starts.toSorted((a, b) => a - b),
        )
      })
    }
  })
}

function cutsAt(kind: CutKind): Cut[] {
  return [SIZE / 3, (2 * SIZE) / 3].map((at) => ({ at, kind }))
}

test('told of another network, an upload leaves its silent connection and goes on at the byte', async () => {
  await using stack = new AsyncDisposableStack()
  let port = 0
  const [home, mobile] = await Promise.all(
    ['127.0.0.2', '127.0.0.3'].map(async (address) =>
      stack.use(await openNetwork(address, () => port)),
    ),
  )
  assert.ok(home && mobile)
  await using here = await place()
  ;({ port } = here.site)
  const starts: number[] = []
  let network = home
  const upload = startUpload({
    ...here.slot,
    transport: httpTransport({ connect: () => network.connect(), rate: SIZE, stall: LIMIT }),
    onEvent: (event) => {
      if (event.kind === 'sending') starts.push(event.offset)
    },
  })
  await stored(here.site, SIZE / 10)
  home.silence()
  network = mobile
  upload.networkChanged()
  await upload.done
  assert.equal(starts.length, 2)
  assert.ok((starts[1] ?? 0) >= SIZE / 10, String(starts))
  assert.ok((await contentOf(here.site, PATH)).equals(here.content))
})

for (const [words, megabytes, limits] of [
  ['on which nothing moves', 40, { stall: 200 }],
  ['without an answer after the last byte', 3, { patience: 200 }],
] as const) {
  test(`a connection ${words} is given up`, async () => {
    let port = 0
    await using network = await openNetwork('127.0.0.2', () => port)
    await using here = await place([], randomBytes(megabytes * 1_000_000))
    ;({ port } = here.site)
    const reasons: unknown[] = []
    await startUpload({
      ...here.slot,
      transport: httpTransport({ connect: network.connect, ...limits }),
      onEvent: (event) => {
        if (event.kind === 'sending' && reasons.length === 0) network.silence()
        if (event.kind !== 'lost') return
        reasons.push(event.reason)
        network.restore()
      },
    }).done
    assert.match(String(reasons[0]), /connection is dead/u)
    assert.ok((await contentOf(here.site, PATH)).equals(here.content))
  })
}

test('a refusal ends the upload at once', async () => {
  await using here = await place()
  const slot = here.slot
  const url = slot.url.replace(/.$/u, (last) => (last === '0' ? '1' : '0'))
  await assert.rejects(startUpload({ ...slot, url }).done, { name: 'UploadRefused', status: 403 })
})

test('an upload that is given up ends with the reason', async () => {
  await using here = await place()
  const giving = new AbortController()
  const upload = startUpload({
    ...here.slot,
    transport: httpTransport({ rate: 1_000_000 }),
    signal: giving.signal,
  })
  await stored(here.site, 100_000)
  giving.abort(new Error('enough'))
  await assert.rejects(upload.done, /enough/u)
})

test('a file of no bytes is published', async () => {
  await using here = await place([], Buffer.alloc(0))
  await startUpload(here.slot).done
  assert.equal((await contentOf(here.site, PATH)).length, 0)
})

test('an upload that the server forgot is begun again, and a busy server is waited for', async () => {
  const answers: Partial<UploadAnswer>[] = [
    { status: 503, headers: new Headers({ 'Retry-After': '0' }) },
    { status: 201, headers: new Headers({ Location: '/-/uploads/first' }) },
    { status: 410 },
    { status: 201, headers: new Headers({ Location: '/-/uploads/second' }) },
    { status: 409 },
    { status: 204, headers: new Headers({ 'Upload-Offset': '2', 'Upload-Complete': '?0' }) },
    { status: 201, headers: new Headers({ 'Upload-Complete': '?1' }) },
  ]
  const asked: string[] = []
  const transport: Transport = async ({ method, url, body }) => {
    asked.push(`${method} ${new URL(url).pathname} ${body?.size ?? '-'}`)
    return { status: 500, headers: new Headers(), ...answers.shift() }
  }
  const signal = AbortSignal.timeout(LIMIT)
  const url = 'http://127.0.0.1/slot'
  await startUpload({ url, file: new Blob(['hello']), transport, signal }).done
  assert.deepEqual(asked, [
    'PUT /slot -',
    'PUT /slot -',
    'PATCH /-/uploads/first 5',
    'PUT /slot -',
    'PATCH /-/uploads/second 5',
    'HEAD /-/uploads/second -',
    'PATCH /-/uploads/second 3',
  ])
})

/** Answers every question with this offset. */
function standingAt(offset: string): Transport {
  return async ({ method }) => {
    const headers = { Location: '/-/uploads/it', 'Upload-Offset': offset }
    const status = { PUT: 201, PATCH: 409, HEAD: 204 }[method]
    return { status, headers: new Headers(headers) }
  }
}

for (const offset of ['6', '-1', 'five', '']) {
  test(`an upload of 5 bytes that stands at “${offset}” is refused`, async () => {
    const file = new Blob(['hello'])
    const signal = AbortSignal.timeout(LIMIT)
    const transport = standingAt(offset)
    const upload = startUpload({ url: 'http://127.0.0.1/', file, transport, signal })
    await assert.rejects(upload.done, { name: 'UploadRefused' })
  })
}
