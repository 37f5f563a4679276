import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import type { Published } from '../../src/engine/engine.ts'
import type { EngineEvents } from '../../src/engine/events.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('127.0.0.2')
const MOBILE = clientAt('127.0.0.3')
const MINUTE = 60_000

function published(outcome: { kind: string }): asserts outcome is Published {
  assert.equal(outcome.kind, 'published')
}

test('an upload that was created goes on at the exact byte after a cut', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const grant = grantFor('a', 10)
  const created = await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r' })
  assert.partialDeepStrictEqual(created, { kind: 'progress', offset: 0 })
  const first = sentBody()
  const half = f.engine.append({
    resource: 'r',
    client: WIFI,
    offset: 0,
    body: first,
    completes: true,
  })
  await first.send('0123')
  first.cut()
  assert.deepEqual(await half, { kind: 'cut' })
  assert.partialDeepStrictEqual(await f.engine.status({ resource: 'r', client: MOBILE }), {
    kind: 'status',
    offset: 4,
    size: 10,
    isComplete: false,
  })
  const body = wholeBody('456789')
  const done = await f.engine.append({
    resource: 'r',
    client: MOBILE,
    offset: 4,
    body,
    completes: true,
  })
  published(done)
  assert.equal(await contentOf(f.engine, done.file), '0123456789')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
  const told = await f.engine.status({ resource: 'r', client: MOBILE })
  assert.partialDeepStrictEqual(told, { kind: 'status', offset: 10, size: 10, isComplete: true })
})

test('the question for the offset takes the place of a sender that is still connected', async () => {
  await using f = await fixture({ fsync: 'ack' })
  await f.engine.create({ grant: grantFor('a', 10), client: WIFI, face: 'rufh', resource: 'r' })
  const alive = sentBody()
  const upload = f.engine.append({
    resource: 'r',
    client: WIFI,
    offset: 0,
    body: alive,
    completes: true,
  })
  await alive.send('012')
  const status = await f.engine.status({ resource: 'r', client: MOBILE })
  assert.equal(status.kind === 'status' && status.offset, 3)
  assert.deepEqual([(await upload).kind, alive.isCut], ['cut', true])
})

test('an offset that is not the upload’s is refused with the true one, and nothing is stored', async () => {
  await using f = await fixture()
  await f.engine.create({ grant: grantFor('a', 4), client: WIFI, face: 'tus', resource: 'r' })
  const body = wholeBody('01')
  await f.engine.append({ resource: 'r', client: WIFI, offset: 0, body, completes: false })
  for (const offset of [0, 1, 3, 4]) {
    await assert.rejects(
      f.engine.append({ resource: 'r', client: WIFI, offset, body: sentBody(), completes: true }),
      { code: 'offset-mismatch', facts: { expected: 2 } },
    )
  }
})

test('a full upload is published only by an append that completes it', async () => {
  await using f = await fixture()
  await f.engine.create({ grant: grantFor('a', 2), client: WIFI, face: 'rufh', resource: 'r' })
  const full = await f.engine.append({
    resource: 'r',
    client: WIFI,
    offset: 0,
    body: wholeBody('ab'),
    completes: false,
  })
  assert.partialDeepStrictEqual(full, { kind: 'progress', offset: 2 })
  const end = { resource: 'r', client: WIFI, offset: 2, completes: true }
  published(await f.engine.append({ ...end, body: wholeBody() }))
  published(await f.engine.append({ ...end, body: wholeBody() }))
})

test('a plain PUT parks an upload with a resource; whichever completes first publishes', async () => {
  for (const winner of ['plain', 'parked'] as const) {
    await using f = await fixture()
    const grant = grantFor('a', 4)
    await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r' })
    await f.engine.append({
      resource: 'r',
      client: WIFI,
      offset: 0,
      body: wholeBody('RU'),
      completes: false,
    })
    const plain = sentBody()
    const put = f.engine.put({ grant, client: MOBILE, body: plain })
    await plain.send('pla')
    if (winner === 'plain') {
      await plain.send('i')
      plain.end()
      published(await put)
      await assert.rejects(f.engine.status({ resource: 'r', client: WIFI }), {
        code: 'upload-gone',
      })
    } else {
      const rest = { resource: 'r', client: WIFI, offset: 2, completes: true }
      const done = await f.engine.append({ ...rest, body: wholeBody('FH') })
      assert.deepEqual(await put, { kind: 'cut' })
      published(done)
      assert.equal(await contentOf(f.engine, done.file), 'RUFH')
    }
    assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
  }
})

test('an upload that is given up frees its slot, and its resource says that it is gone', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 2)
  await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r' })
  await f.engine.abort({ resource: 'r', client: WIFI })
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  await assert.rejects(f.engine.status({ resource: 'r', client: WIFI }), { code: 'upload-gone' })
  await assert.rejects(f.engine.status({ resource: 'x', client: WIFI }), { code: 'not-found' })
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('ab') }))
  await assert.rejects(f.engine.abort({ resource: 'r', client: WIFI }), { code: 'upload-gone' })
})

test('giving up what is finished changes nothing', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 2)
  await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r' })
  const all = { resource: 'r', client: WIFI, offset: 0, completes: true }
  published(await f.engine.append({ ...all, body: wholeBody('ab') }))
  await f.engine.abort({ resource: 'r', client: WIFI })
  assert.equal((await f.engine.lookup(grant.path)).kind, 'published')
  const again = await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 's' })
  published(again)
})

test('an upload with a resource lives for 72 hours, and its tombstone as long again', async () => {
  await using f = await fixture()
  const hour = 3_600_000
  await f.engine.create({ grant: grantFor('a', 2), client: WIFI, face: 'rufh', resource: 'r' })
  f.time += 72 * hour - 1
  await f.engine.sweep(new AbortController().signal)
  assert.equal((await f.engine.status({ resource: 'r', client: WIFI })).kind, 'status')
  f.time += 1
  await f.engine.sweep(new AbortController().signal)
  await assert.rejects(f.engine.status({ resource: 'r', client: WIFI }), { code: 'upload-gone' })
  f.time += 72 * hour
  await f.engine.sweep(new AbortController().signal)
  await assert.rejects(f.engine.status({ resource: 'r', client: WIFI }), { code: 'not-found' })
})

test('a creation with its first bytes is told at 0 before them, then each offset that is kept', async () => {
  await using f = await fixture({ chunkSize: 4 })
  const told: number[] = []
  const body = sentBody()
  const upload = f.engine.create({
    grant: grantFor('a', 10),
    client: WIFI,
    face: 'rufh',
    resource: 'r',
    delivery: { body, completes: true, onKept: ({ offset }) => told.push(offset) },
  })
  await body.send('01234')
  await body.send('56')
  await body.send('789')
  body.end()
  published(await upload)
  assert.deepEqual([told[0], told[1]], [0, 5])
  assert.deepEqual(
    told,
    told.toSorted((one, other) => one - other),
  )
})

test('a creation that nobody can come back to leaves nothing to go on with when it is cut', async () => {
  await using f = await fixture()
  const body = sentBody()
  const grant = grantFor('a', 10)
  const delivery = { body, completes: true }
  const upload = f.engine.create({ grant, client: WIFI, face: 'rufh', delivery })
  await body.send('0123')
  body.cut()
  assert.deepEqual(await upload, { kind: 'cut' })
  f.time += 11 * 60_000
  await f.engine.sweep(new AbortController().signal)
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('whoever takes a sender’s place by the upload’s name is told of as a takeover', async () => {
  await using f = await fixture()
  await f.engine.create({ grant: grantFor('a', 10), client: WIFI, face: 'rufh', resource: 'r' })
  const alive = sentBody()
  const half = { resource: 'r', client: WIFI, offset: 0, body: alive, completes: true }
  const upload = f.engine.append(half)
  await alive.send('012')
  await f.engine.status({ resource: 'r', client: MOBILE })
  await upload
  assert.ok(f.events.includes('taken over 127.0.0.2 → 127.0.0.3'), f.events.join(', '))
})

test('another’s credential disturbs nobody', async () => {
  await using f = await fixture()
  const description = { credential: 'mark' }
  const grant = grantFor('a', 10)
  await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r', description })
  const body = sentBody()
  const all = { resource: 'r', client: WIFI, offset: 0, body, completes: true }
  const upload = f.engine.append({ ...all, credential: 'mark' })
  await body.send('01234')
  for (const credential of ['', 'mar', 'mark2', 'MARK']) {
    const question = { resource: 'r', client: MOBILE, credential }
    await assert.rejects(f.engine.status(question), { code: 'grant-invalid' })
    await assert.rejects(f.engine.abort(question), { code: 'grant-invalid' })
  }
  await body.send('56789')
  body.end()
  published(await upload)
})

test('one upload created after the other leaves a record that does not grow', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 2)
  for (let round = 0; round < 30; round += 1) {
    const resource = `r${round}`
    const created = await f.engine.create({ grant, client: WIFI, face: 'tus', resource })
    assert.equal(created.kind, 'progress')
  }
  const record = await f.engine.find(grant.path)
  assert.equal(record?.uploads.length, 10)
  assert.deepEqual(await blobCount(f), { parts: 2, files: 0 })
  const asked = (resource: string) => f.engine.status({ resource, client: WIFI })
  assert.equal((await asked('r28')).kind, 'status')
  await assert.rejects(asked('r27'), { code: 'upload-gone' })
  await assert.rejects(asked('r0'), { code: 'not-found' })
})

test('going on after a cut is told of with the bytes that were there, the next piece of a sender is not', async () => {
  await using f = await fixture()
  const resumed: string[] = []
  const events: EngineEvents = {
    ...f.needs.events,
    resumed: (_slot, { face, durable }) => resumed.push(`${face} ${durable}`),
  }
  const engine = f.another({ events })
  await engine.create({ grant: grantFor('a', 9), client: WIFI, face: 'tus', resource: 'r' })
  const pieces = { resource: 'r', client: WIFI, completes: true }
  await engine.append({ ...pieces, offset: 0, body: wholeBody('abc') })
  const cut = sentBody()
  const lost = engine.append({ ...pieces, offset: 3, body: cut })
  await cut.send('def')
  assert.deepEqual(resumed, [])
  await engine.status({ resource: 'r', client: MOBILE })
  assert.deepEqual(await lost, { kind: 'cut' })
  published(await engine.append({ ...pieces, offset: 6, body: wholeBody('ghi') }))

  const grant = grantFor('b', 4)
  const whole = sentBody()
  const put = engine.put({ grant, client: WIFI, body: whole })
  await whole.send('ab')
  whole.cut()
  await put
  published(
    await engine.range({ grant, client: MOBILE, piece: { offset: 2, body: wholeBody('cd') } }),
  )
  assert.deepEqual(resumed, ['tus 6', 'plain 2'])
})

test('before a stop, senders that can come back are ended at once with all they sent, others go on', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const told = { grant: grantFor('a', 9), client: WIFI, face: 'rufh', resource: 'r' } as const
  await f.engine.create(told)
  const [resumable, plain] = [sentBody(), sentBody()]
  const patch = { resource: 'r', client: WIFI, offset: 0, completes: true }
  const appended = f.engine.append({ ...patch, body: resumable })
  const put = f.engine.put({ grant: grantFor('b', 4), client: WIFI, body: plain })
  await Promise.all([resumable.send('abc'), plain.send('ab')])
  f.engine.pause()
  assert.deepEqual(await appended, { kind: 'cut' })
  assert.partialDeepStrictEqual(await f.engine.status({ resource: 'r', client: WIFI }), {
    offset: 3,
  })
  assert.equal(plain.isCut, false)
  await plain.send('cd')
  plain.end()
  published(await put)
})

test('an upload that ends because of its bytes is told of with the reason', async () => {
  await using f = await fixture()
  for (const [name, said] of [
    ['body', { completes: false }],
    ['end', { completes: true, end: 6 }],
  ] as const) {
    const told = { grant: grantFor(name, 4), client: WIFI, face: 'rufh', resource: name } as const
    await f.engine.create(told)
    const more = { resource: name, client: WIFI, offset: 0 }
    await assert.rejects(f.engine.append({ ...more, ...said, body: wholeBody('abcdef') }))
    await assert.rejects(f.engine.status({ resource: name, client: WIFI }), { code: 'upload-gone' })
  }
  assert.deepEqual(f.events, ['opened', 'abandoned too-long', 'opened', 'abandoned too-long'])
})

test('a length that is not the slot’s is refused, and the upload goes on where it stands', async () => {
  await using f = await fixture()
  await f.engine.create({ grant: grantFor('a', 4), client: WIFI, face: 'rufh', resource: 'r' })
  const more = { resource: 'r', client: WIFI, completes: false }
  await f.engine.append({ ...more, offset: 0, body: wholeBody('ab') })
  for (const wrong of [{ length: 3 }, { length: 5 }, { length: 3, completes: true }]) {
    await assert.rejects(f.engine.append({ ...more, offset: 2, body: wholeBody('c'), ...wrong }), {
      code: 'length-inconsistent',
    })
  }
  const rest = { ...more, offset: 2, length: 4, completes: true }
  published(await f.engine.append({ ...rest, body: wholeBody('cd') }))
})

test('a sender learns of a state that is away while it sends, not after its last byte', async () => {
  await using f = await fixture({ chunkSize: 1 })
  await f.engine.create({ grant: grantFor('a', 9), client: WIFI, face: 'rufh', resource: 'r' })
  const away = new Refusal('state-unavailable')
  let isAway = false
  const { slots } = f.needs
  const engine = f.another({
    slots: {
      ...slots,
      replace: async (...args) =>
        isAway ? await Promise.reject(away) : await slots.replace(...args),
    },
  })
  const body = sentBody()
  const more = { resource: 'r', client: WIFI, offset: 0, completes: true }
  const appended = engine.append({ ...more, body })
  const refused = assert.rejects(appended, { code: 'state-unavailable' })
  await body.started
  isAway = true
  await body.send('a')
  await new Promise(setImmediate)
  await body.send('b')
  await refused
})

test('a part that cannot be removed takes nothing from a file that is published', async () => {
  await using f = await fixture()
  const { blobs } = f.needs
  const stuck = { ...blobs, removePart: async () => await Promise.reject(new Error('EIO')) }
  const engine = f.another({ blobs: stuck })
  published(await engine.put({ grant: grantFor('a', 3), client: WIFI, body: wholeBody('abc') }))
  assert.deepEqual(f.events, ['opened', 'published'])
})

test('a request that reads its upload again for a digest gives way at once, and nothing is lost', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 900_000)
  const half = { body: wholeBody(Buffer.alloc(800_000, 'a')), completes: false }
  await f.engine.create({ grant, client: WIFI, face: 'rufh', resource: 'r', delivery: half })
  const reading = Promise.withResolvers<AbortSignal | undefined>()
  const engine = f.another({
    blobs: {
      ...f.needs.blobs,
      // A disk that takes for ever.
      async readPart(_part, { signal }) {
        reading.resolve(signal)
        await new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(new Error('aborted')))
        })
      },
    },
  })
  const body = sentBody()
  const digests = { wanted: 'sha256' } as const
  const asking = { resource: 'r', client: WIFI, offset: 800_000 }
  const slow = engine.append({ ...asking, body, completes: true, digests })
  assert.equal((await reading.promise)?.aborted, false)
  const status = await engine.status({ resource: 'r', client: MOBILE })
  assert.partialDeepStrictEqual(status, { kind: 'status', offset: 800_000 })
  assert.deepEqual([await slow, body.isCut], [{ kind: 'cut' }, true])
  const rest = wholeBody(Buffer.alloc(100_000, 'a'))
  const done = await f.engine.append({ ...asking, body: rest, completes: true, digests })
  published(done)
  const expected = createHash('sha256').update(Buffer.alloc(900_000, 'a')).digest('base64')
  assert.equal(done.digests?.sha256, expected)
})

test('an upload whose client was never told of it ends by the resume time-out, one that was answered does not', async () => {
  await using f = await fixture({ resumeTimeout: 20 * MINUTE })
  const { signal } = new AbortController()
  const begun = f.time
  const untold = { client: WIFI, face: 'rufh', description: { isUntold: true } } as const
  const cut = sentBody()
  const lost = f.engine.create({
    ...untold,
    grant: grantFor('lost', 9),
    resource: 'lost',
    delivery: { body: cut, completes: false },
  })
  await cut.send('01234567')
  cut.cut()
  assert.equal((await lost).kind, 'cut')
  const answered = await f.engine.create({
    ...untold,
    grant: grantFor('answered', 9),
    resource: 'answered',
    delivery: { body: wholeBody('0123'), completes: false },
  })
  const end = begun + 72 * 60 * MINUTE
  assert.partialDeepStrictEqual(answered, { kind: 'progress', offset: 4, expiresAt: end })
  f.time = begun + 20 * MINUTE - 1
  assert.equal(await f.engine.sweep(signal), 0)
  f.time += 1
  assert.equal(await f.engine.sweep(signal), 1)
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  const { uploads } = (await f.engine.find(grantFor('answered', 9).path)) ?? { uploads: [] }
  assert.deepEqual(
    uploads.map(({ state, isUntold }) => [state, isUntold]),
    [['receiving', undefined]],
  )
})

test('a creation takes the place of one that was never told of', async () => {
  await using f = await fixture()
  const asking = { grant: grantFor('a', 9), client: WIFI, face: 'tus' } as const
  await f.engine.create({ ...asking, resource: 'r1', description: { isUntold: true } })
  await f.engine.create({ ...asking, resource: 'r2' })
  const record = await f.engine.find(asking.grant.path)
  assert.deepEqual(
    record?.uploads.map(({ resource }) => resource),
    ['r2'],
  )
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
})
