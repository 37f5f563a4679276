import assert from 'node:assert/strict'
import test from 'node:test'
import type { Published } from '../../src/engine/engine.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('127.0.0.2')
const MOBILE = clientAt('127.0.0.3')

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
