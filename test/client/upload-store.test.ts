/** What a store remembers of an upload, and what comes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transport } from '../../src/client/transport.ts'
import type { UploadStore } from '../../src/client/platform.ts'
import type { Slot } from '../../src/client/slot.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { memoryStore } from './memory-store.ts'
import { scripted } from './scripted-transport.ts'
import {
  BOUND,
  DONE,
  ELSEWHERE,
  FILE,
  OTHER,
  RUFH,
  SLOT,
  assertFails,
  attempt,
  created,
  kindsOf,
  stands,
} from './scripted-upload.ts'

test('an upload is remembered until it is published, or cannot be', async () => {
  const store = memoryStore()
  const lines = [RUFH, created('a'), 'lost'] as const
  const giving = new AbortController()
  const options = { store, id: 'film', signal: giving.signal }
  const onEvent = ({ kind }: UploadEvent): void => {
    if (kind === 'lost') giving.abort(new Error('enough'))
  }
  await assert.rejects(attempt(lines, { ...options, onEvent }).uploaded, /enough/u)
  assert.ok(await store.load('film'))
  await attempt([stands(262_144), DONE], { store, id: 'film' }).uploaded
  assert.equal(await store.load('film'), undefined)
  await assertFails(attempt([RUFH, { status: 403 }], { store, id: 'film' }), { code: 'refused' })
  assert.equal(await store.load('film'), undefined)
})

async function noDisk(): Promise<void> {
  throw new Error('no disk')
}

test('a published file is no failure because it cannot be forgotten', async () => {
  const store = { ...memoryStore(), remove: noDisk }
  await attempt([RUFH, created('a'), DONE], { store, id: 'film' }).uploaded
})

test('a file that is refused is refused, although it cannot be forgotten', async () => {
  const store = { ...memoryStore(), remove: noDisk }
  const one = attempt([RUFH, { status: 403 }], { store, id: 'film' })
  const expected = { code: 'refused', status: 403, cause: new Error('no disk') }
  await assert.rejects(one.uploaded, expected)
})

test('an upload that is ended and cannot be saved ends with the reason of its signal', async () => {
  const giving = new AbortController()
  const memory = memoryStore()
  const store: UploadStore = {
    ...memory,
    save: async (...saved) => await (giving.signal.aborted ? noDisk() : memory.save(...saved)),
  }
  const onEvent = ({ kind }: UploadEvent): void => {
    if (kind === 'stands') giving.abort(new Error('enough'))
  }
  const options = { store, id: 'film', signal: giving.signal, onEvent }
  await assert.rejects(attempt([RUFH, created('a'), stands(262_144)], options).uploaded, /enough/u)
})

test('of two uploads of one name at a time the second takes nothing over, and leaves no trace', async () => {
  const store = memoryStore()
  const bound = { store, id: 'film', session: 'hmac' } as const
  const { promise: answer, resolve } = Promise.withResolvers<void>()
  const first = scripted([RUFH, created('a', BOUND), DONE])
  const transport: Transport = async (request) => {
    if (request.method === 'PATCH') await answer
    return await first.transport(request)
  }
  const { promise: begun, resolve: begins } = Promise.withResolvers<void>()
  const onEvent = ({ kind }: UploadEvent): void => {
    if (kind === 'sending') begins()
  }
  const one = attempt([], { ...bound, transport, onEvent })
  await begun
  const saved = await store.load('film')
  const shown: string[] = []
  const second = scripted([RUFH, created('b', BOUND), DONE])
  const other: Transport = async (request) => {
    shown.push(...Object.keys(request.headers))
    return await second.transport(request)
  }
  await attempt([], { ...bound, slot: OTHER, transport: other }).uploaded
  assert.ok(!shown.includes('x-adopt-upload'))
  assert.deepEqual(await store.load('film'), saved)
  resolve()
  assert.equal((await one.uploaded).url, SLOT.get)
  assert.equal(await store.load('film'), undefined)
})

/** Files that look the same. */
function film(begin: string, end: string): File {
  return new File([begin, new Uint8Array(300_000), end], 'film.mp4', { lastModified: 1 })
}

test('a file of the same name, size and date is another one if it begins or ends otherwise', async () => {
  const store = memoryStore()
  async function left(file: File): Promise<void> {
    const giving = new AbortController()
    const onEvent = ({ kind }: UploadEvent): void => {
      if (kind === 'lost') giving.abort(new Error('enough'))
    }
    const options = { store, file, signal: giving.signal, onEvent }
    await assert.rejects(attempt([RUFH, created('a'), 'lost'], options).uploaded, /enough/u)
  }
  await left(film('a', 'z'))
  const again = attempt([stands(1), DONE], { store, file: film('a', 'z') })
  await again.uploaded
  assert.equal(kindsOf(again)[0], 'restored')
  await left(film('a', 'z'))
  for (const other of [film('b', 'z'), film('a', 'y')]) {
    const one = attempt([RUFH, created('b'), DONE], { store, file: other })
    await one.uploaded
    assert.equal(kindsOf(one)[0], 'face')
  }
})

/** A store that has an upload of the file in the slot. */
async function storeWith(resource = 'https://files.example/-/uploads/a'): Promise<UploadStore> {
  const store = memoryStore()
  const state = { slot: { ...SLOT }, face: 'rufh', chunk: 1_000_000, resource, size: FILE.size }
  await store.save('film', state)
  return store
}

async function noMoreSlots(): Promise<Slot> {
  throw new Error('asked for a slot')
}

test('what was left unfinished goes on at the byte, and no slot is asked for', async () => {
  const store = await storeWith()
  const one = attempt([stands(200_000), DONE], { store, id: 'film', slot: noMoreSlots })
  assert.equal((await one.uploaded).url, SLOT.get)
  assert.deepEqual(one.asked, ['HEAD /-/uploads/a', 'PATCH /-/uploads/a 100000'])
  assert.equal(kindsOf(one)[0], 'restored')
})

test('what was taken over is asked about before bytes of it are sent: the session may have to prove itself', async () => {
  const store = await storeWith()
  const session = { kind: 'hmac', id: 'one', key: 'k'.repeat(43) }
  await store.save('film', { ...(await store.load('film')), session })
  const lines = [RUFH, created('b', { 'upload-offset': '200000' }), stands(200_000), DONE]
  const one = attempt(lines, { store, id: 'film', session: 'hmac', slot: OTHER })
  await one.uploaded
  const expected = ['PUT /up/b2/film.mp4', 'HEAD /-/uploads/b', 'PATCH /-/uploads/b 100000']
  assert.deepEqual(one.asked.slice(1), expected)
})

test('what was left unfinished at one server is not taken over by another', async () => {
  const store = await storeWith()
  const lines = scripted([RUFH, created('b'), DONE])
  const shown: string[] = []
  const transport: Transport = async (request) => {
    shown.push(...Object.keys(request.headers))
    return await lines.transport(request)
  }
  const saved = await store.load('film')
  const session = { kind: 'hmac', id: 'one', key: 'k'.repeat(43) }
  await store.save('film', { ...saved, session })
  const options = { store, id: 'film', session: 'hmac', slot: ELSEWHERE, transport } as const
  await attempt([], options).uploaded
  assert.ok(!shown.includes('x-adopt-upload') && !shown.includes('x-session-id'))
})

test('what is remembered of another file is forgotten, and said', async () => {
  const store = await storeWith()
  const file = new Blob(['another film'])
  await assertFails(attempt([RUFH], { store, id: 'film', file }), { code: 'source-changed' })
  assert.equal(await store.load('film'), undefined)
})

test('a remembered slot that is not taken any more is replaced by a fresh one', async () => {
  const store = await storeWith()
  const lines = [{ status: 410 }, { status: 403 }, RUFH, created('b'), DONE]
  const one = attempt(lines, { store, id: 'film', slot: async () => OTHER })
  assert.equal((await one.uploaded).url, OTHER.get)
})

test('what a store has of another kind is as good as nothing', async () => {
  const store = memoryStore()
  await store.save('film', { slot: 'https://files.example/', face: 'rufh', chunk: 1 })
  const one = attempt([RUFH, created('a'), DONE], { store, id: 'film' })
  await one.uploaded
  assert.equal(one.asked[0], 'OPTIONS /up/a1/film.mp4')
})
