/** Uploads from Node.js to a finished server, over connections that fail. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openNetwork } from '../../scripts/demo/network.ts'
import { connectingTransport } from '../../src/client/node/connecting-transport.ts'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { upload, uploadAll } from '../../src/client/node/main.ts'
import type { Slot } from '../../src/client/slot.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { Progress, UploadOptions } from '../../src/client/upload-options.ts'
import { MINUTE, goOn, stopClock } from '../app/bound-uploads.ts'
import type { Cut, CutKind } from '../app/cutting-proxy.ts'
import { type ProxiedSite, proxiedSite } from '../app/proxied-site.ts'
import { stored, temporaryFolder } from '../app/site.ts'
import { type Signing, signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'
import { memoryStore } from './memory-store.ts'
import { toldNetwork } from './told-network.ts'

const PATH = 'a1b2/holiday film.mp4'
const SIZE = 3_000_000

/** With a file, and the slot for it. */
interface Place extends ProxiedSite {
  readonly content: Buffer
  readonly file: Blob
  readonly slot: Slot
  readonly slotFor: (path: string, how?: Signing) => Slot
  /** Fails unless the file arrived whole. */
  readonly assertThere: (path?: string) => Promise<void>
}

async function place(
  cuts: readonly Cut[] = [],
  content = randomBytes(SIZE),
  flags: readonly string[] = [],
): Promise<Place> {
  const through = await proxiedSite(cuts, flags)
  const origin = `http://127.0.0.1:${through.proxy.port}`
  const slotFor = (path: string, how?: Signing): Slot => {
    const { target, headers } = signedPut(path, content, how)
    return { put: `${origin}${target}`, get: `${origin}/${encodeURI(path)}`, headers }
  }
  return {
    ...through,
    content,
    file: new Blob([content]),
    slot: slotFor(PATH),
    slotFor,
    async assertThere(path = PATH) {
      assert.ok((await contentOf(through.site, path)).equals(content))
    },
  }
}

interface Noted {
  readonly events: UploadEvent[]
  readonly onEvent: (event: UploadEvent) => void
}

function noting(): Noted {
  const events: UploadEvent[] = []
  return { events, onEvent: (event) => void events.push(event) }
}

/** Offsets at which bytes were sent, in order. */
function startsOf(events: readonly UploadEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'sending' ? [event.offset] : []))
}

function count(events: readonly UploadEvent[], kind: UploadEvent['kind']): number {
  return events.filter((event) => event.kind === kind).length
}

for (const kind of ['reset', 'hole', 'lost-answer'] satisfies CutKind[]) {
  for (const session of ['none', 'hmac', 'dpop'] as const) {
    test(`an upload (session: ${session}) comes through a ${kind}, and goes on where the server stands`, async () => {
      const cuts = [SIZE / 3, (2 * SIZE) / 3].map((at): Cut => ({ at, kind }))
      await using here = await place(cuts)
      const { events, onEvent } = noting()
      const { url } = await upload(here.file, here.slot, { onEvent, session })
      assert.equal(url, here.slot.get)
      assert.equal(here.proxy.left(), 0)
      await here.assertThere()
      // Answers lost on the same connection are one loss.
      assert.ok(count(events, 'lost') >= (kind === 'lost-answer' ? 1 : 2))
      assert.equal(count(events, 'bound'), session === 'none' ? 0 : 1)
      const starts = startsOf(events)
      assert.deepEqual(
        starts,
        starts.toSorted((a, b) => a - b),
      ) // never back
    })
  }
}

test('told of another network, an upload leaves its silent connection at once and goes on at the byte', async () => {
  await using stack = new AsyncDisposableStack()
  let port = 0
  const home = stack.use(await openNetwork('127.0.0.2', () => port))
  const mobile = stack.use(await openNetwork('127.0.0.3', () => port))
  await using here = await place()
  ;({ port } = here.site)
  let network = home
  const device = toldNetwork()
  const { events, onEvent } = noting()
  const uploaded = upload(here.file, here.slot, {
    transport: connectingTransport({ connect: () => network.connect(), rate: SIZE }),
    network: device,
    // Nothing but the news of the network may be what saves it.
    stall: 600_000,
    onEvent,
  })
  await stored(here.site, SIZE / 5)
  home.silence()
  network = mobile
  device.change()
  await uploaded
  await here.assertThere()
  assert.equal(count(events, 'network'), 1)
  assert.equal(count(events, 'lost'), 1)
})

for (const [words, silencedAt] of [
  ['while bytes are unsent', 'sending'],
  ['after the last byte', 'sent'],
] as const) {
  test(`a half-open connection is left after the time that was set, ${words}`, async () => {
    let port = 0
    await using network = await openNetwork('127.0.0.2', () => port)
    await using here = await place([], randomBytes(silencedAt === 'sent' ? 300_000 : 40_000_000))
    ;({ port } = here.site)
    const reasons: unknown[] = []
    await upload(here.file, here.slot, {
      transport: connectingTransport({ connect: network.connect }),
      stall: 300,
      onEvent(event) {
        if (event.kind === silencedAt && reasons.length === 0) network.silence()
        if (event.kind !== 'lost') return
        reasons.push(event.reason)
        network.restore()
      },
    })
    assert.match(String(reasons[0]), /connection is dead/u)
    await here.assertThere()
  })
}

/** A file on disk. */
async function filmWith(content: Uint8Array): ReturnType<typeof temporaryFolder> {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'film.mp4')
  await writeFile(path, content)
  return { ...folder, path }
}

async function noMoreSlots(): Promise<Slot> {
  throw new Error('asked for a slot')
}

test('an upload that was aborted goes on at the byte when it is asked for again', async () => {
  await using here = await place()
  await using film = await filmWith(here.content)
  const { path } = film
  const store = memoryStore()
  const pause = new AbortController()
  const transport = httpTransport({ rate: 2_000_000 })
  const first = upload(path, here.slot, { store, transport, signal: pause.signal })
  await stored(here.site, 1_000_000)
  pause.abort(new Error('paused'))
  await assert.rejects(first, /paused/u)
  const { events, onEvent } = noting()
  await upload(path, noMoreSlots, { store, onEvent })
  await here.assertThere()
  assert.equal(events[0]?.kind, 'restored')
  assert.ok((startsOf(events)[0] ?? 0) >= 1_000_000)
  assert.equal(await store.load(path), undefined)
})

test('a file that changes while it goes up ends its upload', async () => {
  await using here = await place()
  await using film = await filmWith(here.content)
  const { path } = film
  const uploaded = upload(path, here.slot, { transport: httpTransport({ rate: 1_000_000 }) })
  const failed = assert.rejects(uploaded, { name: 'UploadError', code: 'source-changed' })
  await stored(here.site, 100_000)
  await appendFile(path, 'more')
  await failed
})

test('a file that changed since it was left unfinished is said to have changed', async () => {
  await using here = await place()
  await using film = await filmWith(here.content)
  const { path } = film
  const store = memoryStore()
  const pause = new AbortController()
  const onEvent = ({ kind }: UploadEvent): void => {
    if (kind === 'created') pause.abort(new Error('paused'))
  }
  await assert.rejects(upload(path, here.slot, { store, signal: pause.signal, onEvent }), /paused/u)
  await utimes(path, 1_000_000, 1_000_000)
  await assert.rejects(upload(path, here.slot, { store }), { code: 'source-changed' })
  await upload(path, here.slotFor('fresh/film.mp4'), { store })
  await here.assertThere('fresh/film.mp4')
})

const ROMEO: Signing = { scheme: 'jwt', user: 'romeo@montague.example' }
const JULIET: Signing = { scheme: 'jwt', user: 'juliet@capulet.example' }

/** Leaves an upload unfinished for two hours; resolves to what the server had of it. */
async function sleptOn(t: TestContext, here: Place, options: UploadOptions): Promise<number> {
  const pause = new AbortController()
  let standing = 0
  const onEvent = (event: UploadEvent): void => {
    if (event.kind !== 'stands') return
    standing = event.offset
    pause.abort(new Error('paused'))
  }
  const slot = here.slotFor('old/film.mp4', ROMEO)
  const pausing = { ...options, onEvent, signal: pause.signal }
  await assert.rejects(upload(here.file, slot, pausing), /paused/u)
  goOn(t, 125 * MINUTE)
  return standing
}

test('after a long standby a new slot takes over what the server has, and not one byte of it is sent again', async (t) => {
  stopClock(t)
  await using here = await place()
  const options = { store: memoryStore(), id: 'film' }
  const standing = await sleptOn(t, here, options)
  const { events, onEvent } = noting()
  const slot = async (): Promise<Slot> => here.slotFor('new/film.mp4', ROMEO)
  const { url } = await upload(here.file, slot, { ...options, onEvent })
  assert.equal(url, here.slotFor('new/film.mp4').get)
  await here.assertThere('new/film.mp4')
  assert.deepEqual(
    events.filter(({ kind }) => kind === 'adopted'),
    [{ kind: 'adopted', offset: standing }],
  )
  assert.equal(startsOf(events)[0], standing)
})

test('given another slot than before, an upload is taken over there', async (t) => {
  stopClock(t)
  await using here = await place()
  const options = { store: memoryStore(), id: 'film' }
  const standing = await sleptOn(t, here, options)
  const { events, onEvent } = noting()
  await upload(here.file, here.slotFor('new/film.mp4', ROMEO), { ...options, onEvent })
  await here.assertThere('new/film.mp4')
  assert.equal(startsOf(events)[0], standing)
})

test('where the new slot may not take over, the file is sent anew', async (t) => {
  stopClock(t)
  await using here = await place()
  const options = { store: memoryStore(), id: 'film' }
  await sleptOn(t, here, options)
  const { events, onEvent } = noting()
  const onReauthenticate = async (): Promise<Slot> => here.slotFor('new/film.mp4', JULIET)
  const old = here.slotFor('old/film.mp4', ROMEO)
  await upload(here.file, old, { ...options, onReauthenticate, onEvent })
  await here.assertThere('new/film.mp4')
  assert.equal(startsOf(events)[0], 0)
})

for (const [words, size, kind] of [
  ['of no bytes', 0, 'plain'],
  ['that is one append', 100_000, 'plain'],
] as const) {
  test(`a file ${words} is published by a single PUT`, async () => {
    await using here = await place([], randomBytes(size))
    const { events, onEvent } = noting()
    await upload(here.file, here.slot, { onEvent })
    await here.assertThere()
    assert.deepEqual(events[0], { kind: 'face', face: kind })
  })
}

test('where nothing resumes, a PUT that was lost is sent again as a whole', async () => {
  const flags = ['network_resilience.upload_resumption=false']
  await using here = await place([{ at: SIZE / 2, kind: 'reset' }], randomBytes(SIZE), flags)
  const { events, onEvent } = noting()
  await upload(here.file, here.slot, { onEvent })
  await here.assertThere()
  assert.deepEqual(startsOf(events), [0, 0])
})

test('progress only falls by what was lost, and ends at the size', async () => {
  await using here = await place([{ at: SIZE / 2, kind: 'reset' }])
  const told: Progress[] = []
  await upload(here.file, here.slot, { onProgress: (progress) => void told.push(progress) })
  assert.ok(told.every(({ sent, stored: kept }) => sent >= kept && kept <= SIZE))
  const kept = told.map((progress) => progress.stored)
  assert.deepEqual(
    kept,
    kept.toSorted((a, b) => a - b),
  )
  const { sent, stored: all, size } = told.at(-1) ?? {}
  assert.deepEqual([sent, all, size], [SIZE, SIZE, SIZE])
})

test('several files go up some at a time; one that is refused does not keep the others', async () => {
  await using here = await place([], randomBytes(400_000))
  const paths = ['a/1.bin', 'a/2.bin', 'a/3.bin', 'a/4.bin', 'a/5.bin']
  let busy = 0
  let most = 0
  const onEvent = ({ kind }: UploadEvent): void => {
    if (kind === 'created') most = Math.max(most, (busy += 1))
    if (kind === 'published') busy -= 1
  }
  const jobs = paths.map((path) => ({ source: here.file, slot: here.slotFor(path) }))
  const refused = { source: here.file, slot: { ...here.slot, put: `${here.slot.put}0` } }
  const results = await uploadAll([refused, ...jobs], { limit: 2, onEvent })
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', ...paths.map(() => 'fulfilled')],
  )
  for (const path of paths) await here.assertThere(path)
  assert.equal(most, 2)
})

test('a refusal is an error with the server’s code', async () => {
  await using here = await place()
  const put = here.slot.put.replace(/.$/u, (last) => (last === '0' ? '1' : '0'))
  const expected = { code: 'refused', status: 403, problem: 'grant-invalid' }
  await assert.rejects(upload(here.file, { ...here.slot, put }), expected)
})
