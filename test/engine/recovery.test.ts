import assert from 'node:assert/strict'
import test from 'node:test'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'
import { COMMIT_INTERVAL } from '../../src/engine/policy.ts'
import type { SlotStore } from '../../src/engine/ports.ts'
import { type SentBody, sentBody, wholeBody } from './bodies.ts'
import { type Fixture, blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const CLIENT = clientAt('127.0.0.2')
const HOUR = 3_600_000

function byKind(a: { kind: string }, b: { kind: string }): number {
  return a.kind.localeCompare(b.kind)
}

/** Sends at least two bytes, the last so much later that what came is stored. */
async function sendAndStore(f: Fixture, body: SentBody, bytes: string): Promise<void> {
  await body.send(bytes.slice(0, 1))
  f.time += COMMIT_INTERVAL
  await body.send(bytes.slice(1))
  await f.needs.slots.ping()
}

/** Leaves the slot as a process leaves it that dies with `bytes` of it received. */
async function dieWith(f: Fixture, bytes: string): Promise<string> {
  const body = sentBody()
  void f.another().put({ grant: grantFor('a', 6), client: CLIENT, body })
  await sendAndStore(f, body, bytes)
  const record = await f.needs.slots.find(grantFor('a', 6).fingerprint)
  assert.ok(record)
  return record.id
}

test('a file that was linked but not committed is committed', async () => {
  await using f = await fixture()
  const id = await dieWith(f, 'abcdef'.slice(0, 5))
  const writer = await f.needs.blobs.create('whole')
  await writer.write([Buffer.from('abcdef')])
  await writer[Symbol.asyncDispose]()
  await f.needs.blobs.publish('whole', id, { sync: false })
  await f.needs.blobs.removePart('whole')
  await f.engine.recover()
  const found = await f.engine.lookup(grantFor('a', 6).path)
  assert.ok(found.kind === 'published')
  assert.equal(await contentOf(f.engine, found.file), 'abcdef')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('a file that an older upload of the slot linked is that upload’s', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const asking = { grant: grantFor('a', 4), client: CLIENT, face: 'rufh' } as const
  const delivery = { body: wholeBody('AAAA'), completes: false }
  await f.engine.create({ ...asking, resource: 'older', delivery })
  await f.engine.create({ ...asking, resource: 'newer' })
  const record = await f.needs.slots.find(asking.grant.fingerprint)
  const [older] = record?.uploads ?? []
  assert.ok(record !== undefined && older !== undefined)
  await f.needs.blobs.publish(older.id, record.id, { sync: false })
  const restarted = f.another()
  await restarted.recover()
  const status = await restarted.status({ resource: 'older', client: CLIENT })
  assert.partialDeepStrictEqual(status, { offset: 4, isComplete: true })
  await assert.rejects(restarted.status({ resource: 'newer', client: CLIENT }), {
    code: 'upload-gone',
  })
})

test('a linked file of the wrong length is removed', async () => {
  await using f = await fixture()
  const id = await dieWith(f, 'abc')
  const writer = await f.needs.blobs.create('short')
  await writer.write([Buffer.from('abc')])
  await writer[Symbol.asyncDispose]()
  await f.needs.blobs.publish('short', id, { sync: false })
  await f.needs.blobs.removePart('short')
  await f.engine.recover()
  assert.equal((await f.engine.lookup(grantFor('a', 6).path)).kind, 'unfinished')
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
})

test('a part that lost what was promised is given up', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const body = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 6), client: CLIENT, body })
  await body.send('abcd')
  body.cut()
  await upload
  const record = await f.needs.slots.find(grantFor('a', 6).fingerprint)
  const part = record?.uploads[0]
  assert.equal(part?.durable, 4)
  await (await f.needs.blobs.resume(part.id, 2))[Symbol.asyncDispose]()
  await f.engine.recover()
  assert.deepEqual(f.events.slice(-1), ['abandoned lost'])
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  const outcome = await f.engine.put({
    grant: grantFor('a', 6),
    client: CLIENT,
    body: wholeBody('abcdef'),
  })
  assert.equal(outcome.kind, 'published')
})

test('thousands of unfinished uploads are mended side by side, and not all at once', async () => {
  await using f = await fixture()
  await dieWith(f, 'abcd')
  const record = await f.needs.slots.find(grantFor('a', 6).fingerprint)
  const upload = record?.uploads[0]
  assert.ok(record !== undefined && upload !== undefined)
  const count = 5_000
  for (let n = 0; n < count; n += 1) {
    const { path, fingerprint } = grantFor(`n${n}`, 6)
    const uploads = [{ ...upload, id: `lost${n}` }]
    await f.needs.slots.create({ ...record, id: `file${n}`, path, fingerprint, uploads })
  }
  const writing = { now: 0, most: 0 }
  const slots: SlotStore = {
    ...f.needs.slots,
    async replace(after, held) {
      writing.now += 1
      writing.most = Math.max(writing.most, writing.now)
      // As a store that writes to a disk: what comes together has come by then.
      await new Promise(setImmediate)
      writing.now -= 1
      return await f.needs.slots.replace(after, held)
    },
  }
  await f.another({ slots }).recover()
  assert.equal(f.events.filter((event) => event === 'abandoned lost').length, count)
  assert.ok(writing.most > 1_000 && writing.most < count, `${writing.most} at once`)
})

test('after a recovery the process from before can commit nothing', async () => {
  await using f = await fixture()
  const body = sentBody()
  const upload = f.another().put({ grant: grantFor('a', 3), client: CLIENT, body })
  await sendAndStore(f, body, 'ab')
  await f.engine.recover()
  await body.send('c')
  body.end()
  assert.deepEqual(await upload, { kind: 'cut' })
  assert.equal((await f.engine.lookup(grantFor('a', 3).path)).kind, 'unfinished')
})

test('bytes that no record refers to are found after an hour, and removed unless it is a dry run', async () => {
  await using f = await fixture()
  await f.engine.put({ grant: grantFor('kept', 1), client: CLIENT, body: wholeBody('x') })
  const open = sentBody()
  const upload = f.engine.put({ grant: grantFor('open', 9), client: CLIENT, body: open })
  await sendAndStore(f, open, '12345')
  const writer = await f.needs.blobs.create('orphan')
  await writer.write([Buffer.from('abc')])
  await writer[Symbol.asyncDispose]()
  await f.needs.blobs.publish('orphan', 'lost', { sync: false })
  const signal = new AbortController().signal
  f.time = Date.now()
  assert.deepEqual(await f.engine.collect({ dryRun: false, signal }), [])
  f.time += 2 * HOUR
  const expected = [
    { kind: 'file', key: 'lost', size: 3 },
    { kind: 'part', key: 'orphan', size: 3 },
  ]
  const seen = await f.engine.collect({ dryRun: true, signal })
  assert.deepEqual(seen.toSorted(byKind), expected)
  assert.deepEqual(await blobCount(f), { parts: 2, files: 2 })
  assert.equal((await f.engine.collect({ dryRun: false, signal })).length, 2)
  assert.deepEqual(await blobCount(f), { parts: 1, files: 1 })
  open.cut()
  await upload
})

test('an upload that is under way is never swept, however long it takes', async () => {
  await using f = await fixture()
  const body = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 2), client: CLIENT, body })
  await body.send('a')
  f.time += 50 * HOUR
  assert.equal(await f.engine.sweep(new AbortController().signal), 0)
  await body.send('b')
  body.end()
  assert.equal((await upload).kind, 'published')
})

test('a large sweep ends everything that is overdue', async () => {
  await using f = await fixture()
  for (let n = 0; n < 250; n += 1) {
    const grant = grantFor(`n${n}`, 1, { fileExpiresAt: f.time + HOUR })
    await f.engine.put({ grant, client: CLIENT, body: wholeBody('x') })
  }
  f.time += HOUR
  assert.equal((await f.engine.overdue(1_000)).length, 250)
  assert.equal(await f.engine.sweep(new AbortController().signal), 250)
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('with the state of another storage nothing is removed, however old it is', async () => {
  await using f = await fixture()
  for (const name of ['a', 'b', 'c']) {
    await f.engine.put({ grant: grantFor(name, 1), client: CLIENT, body: wholeBody('x') })
  }
  f.time = Date.now() + 2 * HOUR
  const strange = f.another({ slots: memorySlotStore() })
  for (const dryRun of [true, false]) {
    await assert.rejects(strange.collect({ dryRun, signal: new AbortController().signal }), {
      name: 'OperatorError',
      message: /session_store\.path/u,
    })
  }
  assert.deepEqual(await blobCount(f), { parts: 0, files: 3 })
})
