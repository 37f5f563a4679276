import assert from 'node:assert/strict'
import test from 'node:test'
import type { Engine } from '../../src/engine/engine.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import { type SentBody, sentBody, wholeBody } from './bodies.ts'
import { type Fixture, blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'
import { passageOf } from './passages.ts'

const OWNER = clientAt('127.0.0.2')
const THIEF = clientAt('127.0.0.3')
const GRANT = grantFor('a', 4)
const BOUND = { grant: GRANT, client: OWNER, passage: passageOf('owner') }
const OWN = { slot: GRANT.fingerprint, client: OWNER, passage: { session: 'owner' } }
const NOTHING_LEFT = { parts: 0, files: 0 }

async function recordOf({ needs }: Fixture): Promise<SlotRecord | undefined> {
  return await needs.slots.find(GRANT.fingerprint)
}

/** A plain PUT of the session, two of whose four bytes came. */
async function halfPut(engine: Engine): Promise<{ body: SentBody; putting: Promise<unknown> }> {
  const body = sentBody()
  const putting = engine.put({ ...BOUND, body })
  await body.send('ab')
  return { body, putting }
}

test('a session gives up all that is unfinished of its slot, with and without an upload resource', async () => {
  await using f = await fixture()
  await f.engine.range({ ...BOUND, piece: { offset: 0, body: wholeBody('ab') } })
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  await f.engine.abandon(OWN)
  assert.deepEqual(await blobCount(f), NOTHING_LEFT)
  await f.engine.create({ ...BOUND, face: 'rufh', resource: 'one' })
  await f.engine.create({ ...BOUND, face: 'rufh', resource: 'two' })
  assert.deepEqual(await blobCount(f), { parts: 2, files: 0 })
  await f.engine.abandon(OWN)
  assert.deepEqual(await blobCount(f), NOTHING_LEFT)
  for (const resource of ['one', 'two']) {
    await assert.rejects(f.engine.status({ ...BOUND, resource }), { code: 'upload-gone' })
  }
  assert.equal(f.events.filter((event) => event === 'abandoned requested').length, 3)
})

test('a slot whose uploads were given up may be used again', async () => {
  await using f = await fixture()
  await f.engine.range({ ...BOUND, piece: { offset: 0, body: wholeBody('ab') } })
  await f.engine.abandon(OWN)
  const outcome = await f.engine.put({ ...BOUND, body: wholeBody('abcd') })
  assert.equal(outcome.kind, 'published')
})

test('a slot is given up by its own session alone, and an unbound one by nobody', async () => {
  await using f = await fixture()
  const { body, putting } = await halfPut(f.engine)
  const unbound = { ...BOUND, grant: grantFor('b', 4), passage: {} }
  await f.engine.range({ ...unbound, piece: { offset: 0, body: wholeBody('ab') } })
  for (const passage of [{}, passageOf('thief')]) {
    const asked = { client: THIEF, passage }
    await assert.rejects(f.engine.abandon({ ...OWN, ...asked }), { code: 'proof-required' })
    const slot = unbound.grant.fingerprint
    await assert.rejects(f.engine.abandon({ ...asked, slot }), { code: 'proof-required' })
  }
  assert.equal(body.isCut, false)
  await body.send('cd')
  body.end()
  await putting
  const status = await f.engine.range(unbound)
  assert.ok(status.kind === 'progress')
  assert.equal(status.offset, 2)
})

test('an upload that is under way is cut when its session gives it up, and leaves nothing', async () => {
  await using f = await fixture()
  const { body, putting } = await halfPut(f.engine)
  await f.engine.abandon(OWN)
  assert.equal(body.isCut, true)
  assert.deepEqual(await putting, { kind: 'cut' })
  assert.deepEqual(await blobCount(f), NOTHING_LEFT)
  assert.deepEqual(f.events, ['interrupted 2', 'taken over 127.0.0.2 → 127.0.0.2'])
})

test('the process that writes is told by the lease, where it is another one', async () => {
  await using f = await fixture()
  const there = f.another({ leases: f.needs.leases })
  const put = await halfPut(there)
  await f.engine.abandon(OWN)
  assert.deepEqual(await put.putting, { kind: 'cut' })
  const piece = sentBody()
  const ranging = there.range({ ...BOUND, piece: { offset: 0, body: piece } })
  await piece.send('ab')
  await f.engine.abandon(OWN)
  assert.deepEqual(await ranging, { kind: 'cut' })
  assert.deepEqual(await blobCount(f), NOTHING_LEFT)
})

test('a process that was never told can store nothing more of what was given up', async () => {
  await using f = await fixture()
  const created = { ...BOUND, face: 'rufh', resource: 'r' } as const
  const body = sentBody()
  const creating = f.another().create({ ...created, delivery: { body, completes: true } })
  await body.send('ab')
  await f.another().abandon(OWN)
  await body.send('cd')
  body.end()
  assert.deepEqual(await creating, { kind: 'cut' })
  assert.equal((await recordOf(f))?.state, 'open')
  assert.deepEqual(await blobCount(f), NOTHING_LEFT)
})

test('what is published stays, and a slot that nobody used is nothing to give up', async () => {
  await using f = await fixture()
  await f.engine.abandon(OWN)
  assert.equal(await recordOf(f), undefined)
  const outcome = await f.engine.put({ ...BOUND, body: wholeBody('abcd') })
  await f.engine.abandon(OWN)
  assert.ok(outcome.kind === 'published')
  assert.equal(await contentOf(f.engine, outcome.file), 'abcd')
})
