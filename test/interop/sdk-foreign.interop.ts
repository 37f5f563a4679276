/** The SDK uploads to servers that are not ours, by what they speak. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { type UploadError, upload } from '../../src/client/node/main.ts'
import type { Slot, SlotSource } from '../../src/client/slot.ts'
import type { Transport } from '../../src/client/transport.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { type CuttingProxy, cuttingProxy } from '../app/cutting-proxy.ts'
import { startDavNginx } from './foreign/dav-nginx.ts'
import { startForeignEjabberd } from './foreign/foreign-ejabberd.ts'
import { startForeignProsody } from './foreign/foreign-prosody.ts'
import type { ForeignServer } from './foreign/foreign-server.ts'
import { startTusServer } from './foreign/tus-server.ts'
import { seededRandom, seedOfThisRun } from './seeded-random.ts'

const LIMIT = 30_000
const SIZE = 5_000_000

/** Bytes per second: slow enough for the server to have read most of what is cut. */
const RATE = 10_000_000

const random = seededRandom(seedOfThisRun())

/** What it takes after a cut: the rest, the same slot again, or a new one. */
type Again = 'rest' | 'slot' | 'new slot'

const SERVERS: Readonly<
  Record<string, { start: () => Promise<ForeignServer>; smallest: 0 | 1; again: Again }>
> = {
  'Prosody’s own store': { start: startForeignProsody, smallest: 0, again: 'slot' },
  // It answers a request for a slot of 0 bytes with bad-request.
  'ejabberd’s own store': { start: startForeignEjabberd, smallest: 1, again: 'new slot' },
  'nginx with WebDAV': { start: startDavNginx, smallest: 0, again: 'slot' },
  '@tus/server': { start: startTusServer, smallest: 0, again: 'rest' },
}

/** What an upload told, and which fields it sent. */
interface Watched {
  readonly url: string
  readonly events: readonly UploadEvent[]
  readonly fields: ReadonlySet<string>
}

async function watched(content: Buffer, slot: SlotSource): Promise<Watched> {
  const events: UploadEvent[] = []
  const fields = new Set<string>()
  const send = httpTransport({ rate: RATE })
  const transport: Transport = async (request) => {
    for (const name of Object.keys(request.headers)) fields.add(name.toLowerCase())
    return await send(request)
  }
  const signal = AbortSignal.timeout(LIMIT)
  const onEvent = (event: UploadEvent): void => void events.push(event)
  const { url } = await upload(new Blob([content]), slot, { transport, signal, onEvent })
  return { url, events, fields }
}

/** Where bytes were sent from, in order. */
function starts({ events }: Watched): readonly number[] {
  return events.flatMap((event) => (event.kind === 'sending' ? [event.offset] : []))
}

/** The slot, by way of a proxy. */
function through({ port }: CuttingProxy, slot: Slot): Slot {
  const put = new URL(slot.put)
  put.port = String(port)
  return { ...slot, put: put.href }
}

for (const [name, { start, smallest, again }] of Object.entries(SERVERS)) {
  describe(`${name} (SEED=${random.seed})`, { timeout: 4 * LIMIT }, () => {
    const stack = new AsyncDisposableStack()
    const content = random.bytes(SIZE)
    let server: ForeignServer

    before(async () => {
      server = stack.use(await start())
    })
    after(async () => await stack.disposeAsync())

    /** A way to the server that is cut in the middle of the file. */
    async function cutOnce(): Promise<CuttingProxy> {
      return await cuttingProxy(() => server.port, [{ at: SIZE / 2, kind: 'reset' }])
    }

    for (const size of [0, 1, SIZE].filter((each) => each >= smallest)) {
      test(`takes ${size} bytes, and is sent nothing that only our server knows`, async () => {
        const bytes = content.subarray(0, size)
        const { url, events, fields } = await watched(bytes, await server.slot(size))
        assert.deepEqual(events[0], { kind: 'face', face: server.face }, server.log())
        assert.ok((await server.published(url)).equals(bytes))
        assert.deepEqual(
          [...fields].filter((field) => /^(?:x-session|dpop)/u.test(field)),
          [],
        )
      })
    }

    if (again === 'rest') {
      test('takes the rest after a cut', async () => {
        await using way = await cutOnce()
        const sent = await watched(content, through(way, await server.slot(SIZE)))
        assert.equal(way.left(), 0)
        assert.equal(starts(sent).filter((offset) => offset === 0).length, 1)
        assert.ok((await server.published(sent.url)).equals(content))
      })
    }

    if (again === 'slot') {
      test('takes the whole file again after a cut', async () => {
        await using way = await cutOnce()
        const sent = await watched(content, through(way, await server.slot(SIZE)))
        assert.equal(way.left(), 0)
        assert.ok(starts(sent).length >= 2 && starts(sent).every((offset) => offset === 0))
        assert.ok((await server.published(sent.url)).equals(content))
      })
    }

    if (again === 'new slot') {
      test('refuses the slot after a cut, which is what its caller is told', async () => {
        await using way = await cutOnce()
        const sending = watched(content, through(way, await server.slot(SIZE)))
        await assert.rejects(sending, ({ code, status }: UploadError) => {
          assert.deepEqual([code, status], ['refused', 403])
          return true
        })
        assert.equal(way.left(), 0)
      })

      test('takes the file in a new slot after a cut, if there is a way to one', async () => {
        await using way = await cutOnce()
        const slots: Slot[] = []
        const sent = await watched(content, async () => {
          slots.push(through(way, await server.slot(SIZE)))
          return slots.at(-1) ?? assert.fail()
        })
        assert.equal(slots.length, 2)
        assert.equal(sent.url, slots[1]?.get)
        assert.ok((await server.published(sent.url)).equals(content))
      })
    }
  })
}
