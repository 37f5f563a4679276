/** Uploads against servers that answer in all kinds of ways. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Transport } from '../../src/client/transport.ts'
import type { UploadStore } from '../../src/client/platform.ts'
import type { Slot, SlotSource } from '../../src/client/slot.ts'
import type { Source } from '../../src/client/source.ts'
import type { UploadErrorCode } from '../../src/client/upload-error.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { UploadOptions, Uploaded } from '../../src/client/upload-options.ts'
import { uploadingAll } from '../../src/client/upload-list.ts'
import { uploading } from '../../src/client/upload.ts'
import { hurriedTime, manualTime } from './manual-time.ts'
import { memoryStore } from './memory-store.ts'
import { type ScriptedLine, type ScriptedTransport, scripted } from './scripted-transport.ts'
import { toldNetwork } from './told-network.ts'

const SLOT: Slot = { put: 'https://files.example/up/a1/film.mp4', get: 'https://files.example/f' }
const OTHER: Slot = { put: 'https://files.example/up/b2/film.mp4', get: 'https://files.example/g' }

const ELSEWHERE: Slot = { put: 'https://other.example/up/c3/f', get: 'https://other.example/f' }

/** Too long for one request. */
const FILE = new Blob([new Uint8Array(300_000)], { type: 'video/mp4' })
const SMALL = new Blob(['film'])

const RUFH: ScriptedLine = { status: 200, headers: { 'x-resume': 'rufh, tus' } }
const TUS: ScriptedLine = { status: 204, headers: { 'tus-resumable': '1.0.0' } }
const DONE: ScriptedLine = { status: 201, headers: { 'upload-complete': '?1' } }

function created(name: string, more: Record<string, string> = {}): ScriptedLine {
  return { status: 201, headers: { location: `/-/uploads/${name}`, ...more } }
}

function stands(offset: number): ScriptedLine {
  return { status: 204, headers: { 'upload-offset': String(offset) } }
}

interface Attempt extends Pick<ScriptedTransport, 'asked'> {
  readonly uploaded: Promise<Uploaded>
  readonly events: UploadEvent[]
  readonly waits: number[]
}

interface Attempted extends UploadOptions {
  readonly file?: Blob | Source
  readonly slot?: SlotSource
}

function attempt(
  lines: readonly ScriptedLine[],
  { file = FILE, slot = SLOT, ...options }: Attempted = {},
): Attempt {
  const { transport, asked } = scripted(lines)
  const time = hurriedTime()
  const events: UploadEvent[] = []
  const upload = uploading({ transport, network: toldNetwork() }, time)
  const onEvent = (event: UploadEvent): void => void events.push(event)
  const uploaded = upload(file, slot, { session: 'none', onEvent, ...options })
  uploaded.catch(() => {})
  return { uploaded, asked, events, waits: time.waits }
}

async function assertFails(
  { uploaded }: Attempt,
  expected: { code: UploadErrorCode; status?: number; problem?: string },
): Promise<void> {
  await assert.rejects(uploaded, { name: 'UploadError', ...expected })
}

function kindsOf({ events }: Attempt): string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind !== 'sent')
}

test('a file goes up in pieces, and the URL to hand out is that of its slot', async () => {
  const one = attempt([RUFH, created('a'), stands(262_144), DONE])
  assert.deepEqual(await one.uploaded, { url: SLOT.get, size: 300_000 })
  assert.deepEqual(one.asked, [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4',
    'PATCH /-/uploads/a 262144',
    'PATCH /-/uploads/a 37856',
  ])
  assert.deepEqual(kindsOf(one), ['face', 'created', 'sending', 'stands', 'sending', 'published'])
})

test('a small file is one PUT, where the server could do more as well', async () => {
  const one = attempt([RUFH, { status: 201 }], { file: SMALL })
  await one.uploaded
  assert.deepEqual(one.asked, ['OPTIONS /up/a1/film.mp4', 'PUT /up/a1/film.mp4 4'])
})

for (const [words, answer] of [
  ['that names nothing', { status: 200 }],
  ['that does not allow it', { status: 405 }],
  ['that forbids it', { status: 403, headers: { 'x-resume': 'rufh' } }],
] as const) {
  test(`a server ${words} when it is asked gets one plain PUT`, async () => {
    const one = attempt([answer, { status: 204 }])
    await one.uploaded
    assert.deepEqual(one.asked.slice(1), ['PUT /up/a1/film.mp4 300000'])
    assert.deepEqual(one.events[0], { kind: 'face', face: 'plain' })
  })
}

test('a server that cannot be asked gets a plain PUT after two vain questions', async () => {
  const one = attempt(['lost', 'lost', 'lost', { status: 201 }])
  await one.uploaded
  assert.deepEqual(
    one.asked.map((line) => line.split(' ')[0]),
    ['OPTIONS', 'OPTIONS', 'OPTIONS', 'PUT'],
  )
})

for (const status of [408, 425, 429, 500, 502, 503]) {
  test(`a server that answers ${status} when it is asked is asked again, as soon as it says`, async () => {
    const busy: ScriptedLine = { status, headers: { 'retry-after': '2' } }
    const one = attempt([busy, busy, RUFH, created('a'), DONE])
    await one.uploaded
    assert.deepEqual(one.waits, [2000, 2000])
    const face = one.events.find(({ kind }) => kind === 'face')
    assert.deepEqual(face, { kind: 'face', face: 'rufh' })
  })
}

test('a server that can never say what it speaks gets a plain PUT, but is asked for the next file', async () => {
  const busy = Array.from({ length: 7 }, (): ScriptedLine => ({ status: 500 }))
  const { transport, asked } = scripted([...busy, { status: 201 }, RUFH, { status: 201 }])
  const upload = uploading({ transport, network: toldNetwork() }, hurriedTime())
  await upload(SMALL, SLOT)
  await upload(SMALL, OTHER)
  assert.deepEqual(asked.slice(6), [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4 4',
    'OPTIONS /up/b2/film.mp4',
    'PUT /up/b2/film.mp4 4',
  ])
})

test('what a server speaks is asked once for all its slots', async () => {
  const { transport, asked } = scripted([RUFH, { status: 201 }])
  const upload = uploading({ transport, network: toldNetwork() })
  await upload(SMALL, SLOT)
  await upload(SMALL, OTHER)
  assert.deepEqual(asked, [
    'OPTIONS /up/a1/film.mp4',
    'PUT /up/a1/film.mp4 4',
    'PUT /up/b2/film.mp4 4',
  ])
})

test('by tus an upload is complete when it stands at its size', async () => {
  const one = attempt([TUS, created('t'), stands(262_144), stands(300_000)])
  await one.uploaded
  assert.deepEqual(one.asked.slice(1), [
    'POST /up/a1/film.mp4',
    'PATCH /-/uploads/t 262144',
    'PATCH /-/uploads/t 37856',
  ])
})

test('a busy server is waited for as long as it asks', async () => {
  const busy: ScriptedLine = { status: 503, headers: { 'retry-after': '7' } }
  const one = attempt([RUFH, busy, created('a'), busy, stands(262_144), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [7000, 7000])
  assert.deepEqual(
    one.asked.slice(1).map((line) => line.split(' ')[0]),
    ['PUT', 'PUT', 'PATCH', 'HEAD', 'PATCH'],
  )
})

test('a date to try again at is measured by the clock that wrote it', async () => {
  const headers = {
    date: 'Sun, 22 Nov 2026 10:00:00 GMT',
    'retry-after': 'Sun, 22 Nov 2026 10:01:30 GMT',
  }
  const one = attempt([RUFH, { status: 429, headers }, created('a'), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [90_000])
})

test('losses in a row are followed by longer and longer waits, the first by none', async () => {
  const one = attempt([RUFH, created('a'), 'lost', 'lost', 'lost', 'lost', stands(262_144), DONE])
  await one.uploaded
  assert.deepEqual(one.waits, [100, 200, 400])
})

test('an upload that is gone begins anew in its slot', async () => {
  const one = attempt([RUFH, created('a'), { status: 410 }, created('b'), DONE])
  await one.uploaded
  const kinds = 'face created sending lost created sending published'
  assert.deepEqual(kindsOf(one).join(' '), kinds)
})

test('an upload whose creations are all gone at once is given up after the third', async () => {
  const gone = [created('a'), { status: 404 }]
  const one = attempt([RUFH, ...gone, ...gone, ...gone, created('a'), DONE])
  await assertFails(one, { code: 'out-of-tries', status: 404 })
  assert.equal(one.asked.length, 7)
})

test('uploads that had got somewhere may be gone more often than that', async () => {
  const lost = [created('a'), { status: 503 }, stands(2), { status: 404 }]
  await attempt([RUFH, ...lost, ...lost, ...lost, ...lost, created('a'), DONE]).uploaded
})

test('an append to another place than the upload stands at is followed by the question', async () => {
  const elsewhere: ScriptedLine = { status: 409, headers: { 'upload-offset': '1000' } }
  const one = attempt([RUFH, created('a'), elsewhere, stands(100_000), DONE])
  await one.uploaded
  assert.deepEqual(one.asked.slice(2), [
    'PATCH /-/uploads/a 262144',
    'HEAD /-/uploads/a',
    'PATCH /-/uploads/a 200000',
  ])
})

test('a server that takes appends and keeps nothing of them is given up', async () => {
  const one = attempt([RUFH, created('a'), stands(0)])
  await assertFails(one, { code: 'out-of-tries' })
})

for (const offset of ['300001', '-1', 'five', '']) {
  test(`a file of 300000 bytes that is said to stand at “${offset}” is a bad answer`, async () => {
    const headers = { 'upload-offset': offset }
    const one = attempt([RUFH, created('a'), 'lost', { status: 204, headers }])
    await assertFails(one, { code: 'bad-answer', status: 204 })
  })
}

test('a creation without an address is a bad answer', async () => {
  await assertFails(attempt([RUFH, { status: 201 }]), { code: 'bad-answer', status: 201 })
})

for (const location of ['http://files.example/-/uploads/a', '//evil.example/a', 'https://[']) {
  test(`the bytes go to no other server than the slot’s: not to ${location}`, async () => {
    const one = attempt([RUFH, created('a', { location })])
    await assertFails(one, { code: 'bad-answer', status: 201 })
    assert.equal(one.asked.length, 2)
  })
}

for (const limit of [0, -1, NaN, 1.5]) {
  test(`${limit} at a time is a mistake of the caller’s`, async () => {
    const uploadAll = uploadingAll(uploading({ ...scripted([RUFH]), network: toldNetwork() }))
    const jobs = [{ source: SMALL, slot: SLOT }]
    await assert.rejects(uploadAll(jobs, { limit }), RangeError)
  })
}

test('a refusal ends the upload at once, and says why', async () => {
  const one = attempt([RUFH, { status: 403, code: 'grant-expired' }])
  await assertFails(one, { code: 'refused', status: 403, problem: 'grant-expired' })
})

const SPENT: ScriptedLine = { status: 409 }

/** A file of so many bytes, where it can be fetched. */
function fetched(size: number): ScriptedLine {
  return { status: 200, headers: { 'content-length': String(size) } }
}

test('a repeated PUT that is a conflict is a success if only the answer to the first one was lost', async () => {
  const one = attempt([{ status: 405 }, 'lost', SPENT, fetched(300_000)], {
    slot: async () => SLOT,
  })
  assert.deepEqual(await one.uploaded, { url: SLOT.get, size: 300_000 })
  assert.deepEqual(one.asked.slice(3), ['HEAD /f'])
})

test('an upload that is gone, and whose slot is spent, is published if its file is there', async () => {
  const one = attempt([RUFH, created('a'), 'lost', { status: 404 }, SPENT, fetched(300_000)])
  assert.equal((await one.uploaded).url, SLOT.get)
})

for (const there of [fetched(299_999), { status: 200 }, { status: 404 }, 'lost'] as const) {
  test(`a conflict after a lost answer is a refusal where ${JSON.stringify(there)} says nothing of the file`, async () => {
    const one = attempt([{ status: 405 }, 'lost', SPENT, there])
    await assertFails(one, { code: 'refused', status: 409 })
  })
}

test('a conflict without a loss is a refusal, whatever is there', async () => {
  const one = attempt([{ status: 405 }, SPENT, fetched(300_000)])
  await assertFails(one, { code: 'refused', status: 409 })
})

test('a server without room is asked three times', async () => {
  const one = attempt([RUFH, created('a'), { status: 507 }])
  await assertFails(one, { code: 'refused', status: 507 })
  // Created, sent; then asked twice where it stands.
  assert.equal(one.asked.length, 5)
})

test('a server that fails again and again is given up, one that only restarts is not', async () => {
  await assertFails(attempt([RUFH, { status: 500 }]), { code: 'out-of-tries', status: 500 })
  const restarts = Array.from({ length: 40 }, () => ({ status: 503 }))
  await attempt([RUFH, ...restarts, created('a'), DONE]).uploaded
})

test('a server that never answers is given up, one that did is not', async () => {
  await assertFails(attempt(['lost']), { code: 'out-of-tries' })
  const silence = Array.from({ length: 40 }, (): ScriptedLine => 'lost')
  await attempt([RUFH, created('a'), ...silence, stands(0), DONE]).uploaded
})

test('a device without a network tries every ten seconds, and is not given up', async () => {
  const silence = Array.from({ length: 40 }, (): ScriptedLine => 'lost')
  const network = { ...toldNetwork(), isOnline: () => false }
  const one = attempt([...silence, RUFH, created('a'), DONE], { network })
  await one.uploaded
  assert.deepEqual(
    one.waits,
    Array.from(silence, () => 10_000),
  )
})

test('a source that gives other bytes than asked for has changed', async () => {
  const file: Source = {
    size: 300_000,
    slice: (start) => new Blob(['x'.repeat(start ? 3 : 262_144)]),
  }
  const one = attempt([RUFH, created('a'), stands(262_144)], { file })
  await assertFails(one, { code: 'source-changed' })
})

test('a source that cannot be read any more is the reason, not the connection', async () => {
  const cause = new Error('gone')
  const file: Source = { size: 300_000, slice: () => Promise.reject(cause) }
  const one = attempt([RUFH, created('a')], { file })
  await assert.rejects(one.uploaded, { code: 'source-changed', cause })
})

test('level 3 asks for a new slot; without a session the file begins anew there', async () => {
  const level3: ScriptedLine = { status: 401, headers: { 'x-security-level': '3' } }
  const one = attempt([RUFH, created('a'), level3, created('b'), DONE], {
    onReauthenticate: async () => OTHER,
  })
  assert.equal((await one.uploaded).url, OTHER.get)
  assert.deepEqual(one.asked.slice(2, 4), ['PATCH /-/uploads/a 262144', 'PUT /up/b2/film.mp4'])
  assert.ok(kindsOf(one).includes('reauthenticating'))
})

test('level 3 ends an upload that has no way to a new slot, or to which no slot is enough', async () => {
  const level3: ScriptedLine = { status: 401, headers: { 'x-security-level': '3' } }
  const expected = { code: 'reauthentication-required', status: 401 } as const
  await assertFails(attempt([RUFH, created('a'), level3]), expected)
  const one = attempt([RUFH, level3], { slot: async () => OTHER })
  await assertFails(one, expected)
})

/** Told with a creation. */
const BOUND = { 'x-session-id': 'one', 'x-session-key': 'k'.repeat(43) }

test('a creation that is refused while it names a session is refused', async () => {
  const one = attempt([RUFH, { status: 401, headers: BOUND }], { session: 'hmac' })
  await assertFails(one, { code: 'refused', status: 401 })
  assert.equal(one.asked.length, 2)
})

test('a server that opens sessions and knows none of them is given up', async () => {
  const gone = [created('a', BOUND), { status: 410 }, { status: 401 }]
  const one = attempt([RUFH, ...gone, ...gone, ...gone, ...gone], { session: 'hmac' })
  await assertFails(one, { code: 'out-of-tries', status: 410 })
  assert.equal(one.asked.length, 6)
})

test('a new slot at another server is shown no session, and takes nothing over', async () => {
  const level3: ScriptedLine = { status: 401, headers: { 'x-security-level': '3' } }
  const shown: string[][] = []
  const lines = scripted([RUFH, created('a', BOUND), level3, RUFH, created('b'), DONE])
  const transport: Transport = async (request) => {
    const names = Object.keys(request.headers)
    if (request.url.startsWith(ELSEWHERE.put))
      shown.push(names.filter((name) => name.startsWith('x-')))
    return await lines.transport(request)
  }
  await attempt([], { session: 'hmac', transport, onReauthenticate: async () => ELSEWHERE })
    .uploaded
  assert.deepEqual(shown, [[], ['x-session-accept']])
})

test('a session for which there is no room is done without', async () => {
  const full: ScriptedLine = { status: 503, code: 'session-unavailable' }
  await attempt([RUFH, full, created('a'), DONE], { session: 'hmac' }).uploaded
})

test('a connection on which nothing moves is left after three seconds, if nothing else was said', async () => {
  const time = manualTime()
  const asked: string[] = []
  const transport: Transport = async ({ method, signal }) => {
    asked.push(method)
    await once(signal, 'abort')
    throw new Error('aborted')
  }
  const losses: unknown[] = []
  const { promise: lost, resolve } = Promise.withResolvers<void>()
  const giving = new AbortController()
  const onEvent = (event: UploadEvent): void => {
    if (event.kind !== 'lost') return
    losses.push(event.reason)
    giving.abort(new Error('enough'))
    resolve()
  }
  const upload = uploading({ transport, network: toldNetwork() }, time)
  const uploaded = upload(FILE, SLOT, { onEvent, signal: giving.signal })
  await new Promise(setImmediate)
  time.pass(2999)
  await new Promise(setImmediate)
  assert.deepEqual([asked, losses], [['OPTIONS'], []])
  time.pass(1)
  await lost
  assert.match(String(losses[0]), /connection is dead/u)
  await assert.rejects(uploaded, /enough/u)
})

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

async function never(): Promise<never> {
  return await new Promise(() => {})
}

const LEVEL3: ScriptedLine = { status: 401, headers: { 'x-security-level': '3' } }

for (const [words, lines, options] of [
  ['a slot', [RUFH], { slot: never }],
  ['a new slot', [RUFH, LEVEL3], { onReauthenticate: never }],
  ['another slot', [RUFH, 'lost', { status: 403 }], { slot: onceThen(never) }],
  ['what a store has', [RUFH], { id: 'film', store: { ...memoryStore(), load: never } }],
  ['a store that saves', [RUFH], { id: 'film', store: { ...memoryStore(), save: never } }],
  ['whoever holds its name', [RUFH], { id: 'film', store: { ...memoryStore(), hold: never } }],
] satisfies [string, ScriptedLine[], Attempted][]) {
  test(`an upload that waits for ${words} ends when it is told to`, { timeout: 5000 }, async () => {
    const giving = new AbortController()
    const one = attempt(lines, { ...options, signal: giving.signal })
    for (const _turn of [1, 2, 3, 4, 5]) await new Promise(setImmediate)
    giving.abort(new Error('enough'))
    await assert.rejects(one.uploaded, /enough/u)
  })
}

function onceThen(later: () => Promise<Slot>): () => Promise<Slot> {
  let asked = 0
  return async () => (asked++ === 0 ? SLOT : await later())
}

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

test('an upload that was aborted before it began asks nobody', async () => {
  const one = attempt([RUFH], { signal: AbortSignal.abort(new Error('enough')) })
  await assert.rejects(one.uploaded, /enough/u)
  assert.deepEqual(one.asked, [])
})

test('a header field that cannot be sent is its giver’s fault, told at once', async () => {
  const headers = { Authorization: 'Bearer abc\u2026' }
  const one = attempt([RUFH], { slot: { ...SLOT, headers }, file: SMALL })
  await assert.rejects(one.uploaded, TypeError)
  assert.equal(one.asked.filter((line) => line.startsWith('PUT')).length, 0)
  assert.deepEqual(one.waits, [])
})

test('a slot that is no URL is its giver’s fault, told at once', async () => {
  const one = attempt([RUFH], { slot: { put: 'film.mp4', get: 'film.mp4' } })
  await assert.rejects(one.uploaded, TypeError)
  assert.deepEqual(one.waits, [])
})

for (const kind of ['face', 'sending', 'sent'] as const) {
  test(`what a listener throws at “${kind}” ends the upload as it is`, async () => {
    const fault = new TypeError('undefined is not a function')
    const onEvent = (event: UploadEvent): void => {
      if (event.kind === kind) throw fault
    }
    const one = attempt([RUFH, created('a'), stands(262_144), DONE], { onEvent })
    await assert.rejects(one.uploaded, fault)
    assert.deepEqual(one.waits, [])
  })
}
