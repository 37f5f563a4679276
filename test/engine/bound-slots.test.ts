import assert from 'node:assert/strict'
import test from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import type { Passage } from '../../src/engine/passage.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { type Fixture, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'
import { binding, passageOf } from './passages.ts'

const OWNER = clientAt('127.0.0.2')
const THIEF = clientAt('127.0.0.3')
const GRANT = grantFor('a', 4)
const UNPROVED = { code: 'proof-required' }

type Ask = (f: Fixture, passage?: Passage) => Promise<unknown>

/** Every way to use a slot, and what it needs to be used that way. */
const FACES: Readonly<Record<string, Ask>> = {
  put: async ({ engine }, passage) =>
    await engine.put({ grant: GRANT, client: THIEF, passage, body: wholeBody('WXYZ') }),
  create: async ({ engine }, passage) =>
    await engine.create({ grant: GRANT, client: THIEF, passage, face: 'rufh', resource: 'new' }),
  'range question': async ({ engine }, passage) =>
    await engine.range({ grant: GRANT, client: THIEF, passage }),
  'range piece': async ({ engine }, passage) =>
    await engine.range({
      grant: GRANT,
      client: THIEF,
      passage,
      piece: { offset: 0, body: wholeBody('WXYZ') },
    }),
  status: async ({ engine }, passage) =>
    await engine.status({ resource: 'r', client: THIEF, passage }),
  append: async ({ engine }, passage) =>
    await engine.append({
      resource: 'r',
      client: THIEF,
      passage,
      offset: 2,
      body: wholeBody('YZ'),
      completes: true,
    }),
  abort: async ({ engine }, passage) =>
    await engine.abort({ resource: 'r', client: THIEF, passage }),
}

async function recordOf(f: Fixture): Promise<SlotRecord> {
  const record = await f.needs.slots.find(GRANT.fingerprint)
  assert.ok(record)
  return record
}

async function ban(): Promise<never> {
  throw new Refusal('banned')
}

/** A slot that is bound to `owner`, with two of its four bytes. */
async function boundUpload(f: Fixture): Promise<SlotRecord> {
  await f.engine.create({
    grant: GRANT,
    client: OWNER,
    passage: passageOf('owner'),
    face: 'rufh',
    resource: 'r',
    delivery: { body: wholeBody('ab'), completes: false },
  })
  return await recordOf(f)
}

for (const [face, ask] of Object.entries(FACES)) {
  test(`${face}: on a bound slot a request of another session, or of none, changes nothing and disturbs nobody`, async () => {
    await using f = await fixture()
    await boundUpload(f)
    const sender = sentBody()
    const sending = f.engine.append({
      resource: 'r',
      client: OWNER,
      passage: passageOf('owner'),
      offset: 2,
      body: sender,
      completes: true,
    })
    await sender.send('c')
    const before = await recordOf(f)
    for (const passage of [undefined, {}, passageOf('thief'), { binds: 'thief' }]) {
      await assert.rejects(ask(f, passage), UNPROVED)
    }
    assert.deepEqual(await recordOf(f), before)
    assert.equal(sender.isCut, false)
    await sender.send('d')
    sender.end()
    const outcome = await sending
    assert.ok(outcome.kind === 'published')
    assert.equal(await contentOf(f.engine, outcome.file), 'abcd')
  })

  test(`${face}: the session that the slot is bound to passes`, async () => {
    await using f = await fixture()
    await boundUpload(f)
    await ask(f, { session: 'owner' })
    assert.equal((await recordOf(f)).session, 'owner')
  })

  test(`${face}: a judge is asked before anybody is disturbed, and can refuse`, async () => {
    await using f = await fixture()
    const before = await boundUpload(f)
    await assert.rejects(ask(f, { session: 'owner', judge: ban }), { code: 'banned' })
    assert.deepEqual(await recordOf(f), before)
  })

  test(`${face}: whom the judge lets take the session’s place has the slot from then on`, async () => {
    await using f = await fixture()
    await boundUpload(f)
    await ask(f, binding('newer'))
    assert.equal((await recordOf(f)).session, 'newer')
    await assert.rejects(
      f.engine.range({ grant: GRANT, client: OWNER, passage: passageOf('owner') }),
      UNPROVED,
    )
  })
}

test('a bound slot that has its file tells nobody but its session so', async () => {
  await using f = await fixture()
  const put = { grant: GRANT, client: OWNER }
  await f.engine.put({ ...put, passage: passageOf('owner'), body: wholeBody('abcd') })
  await assert.rejects(f.engine.put({ ...put, body: wholeBody('abcd') }), UNPROVED)
  await assert.rejects(f.engine.range(put), UNPROVED)
  const again = { ...put, passage: passageOf('owner') }
  assert.equal((await f.engine.put({ ...again, body: wholeBody('abcd') })).kind, 'published')
})

test('a client that lost the answer to its whole file gets a session of its own by sending it again', async () => {
  await using f = await fixture()
  const put = { grant: GRANT, client: OWNER }
  await f.engine.put({ ...put, passage: binding('lost'), body: wholeBody('abcd') })
  await f.engine.put({ ...put, passage: binding('told'), body: wholeBody('abcd') })
  assert.equal((await recordOf(f)).session, 'told')
  const { state, id } = await recordOf(f)
  assert.equal(state, 'published')
  assert.equal(await f.needs.blobs.fileSize(id), 4)
})

test('what opened unbound stays unbound, whatever a later request would like', async () => {
  await using f = await fixture()
  await f.engine.create({ grant: GRANT, client: OWNER, face: 'rufh', resource: 'r' })
  await FACES['create']?.(f, binding('late'))
  assert.equal((await recordOf(f)).session, undefined)
  assert.equal((await f.engine.status({ resource: 'r', client: OWNER })).kind, 'status')
})

test('an upload that opens its slot is guarded before any store knows of it', async () => {
  await using f = await fixture()
  const body = sentBody()
  const put = f.engine.put({ grant: GRANT, client: OWNER, passage: passageOf('owner'), body })
  await body.send('a')
  assert.equal(await f.needs.slots.find(GRANT.fingerprint), undefined)
  await assert.rejects(
    f.engine.put({ grant: GRANT, client: THIEF, body: wholeBody('WXYZ') }),
    UNPROVED,
  )
  assert.equal(body.isCut, false)
  // The owner comes back without saying again that it wants a bound slot.
  const again = { grant: GRANT, client: OWNER, passage: { session: 'owner' } }
  assert.equal((await f.engine.put({ ...again, body: wholeBody('abcd') })).kind, 'published')
  assert.equal((await put).kind, 'cut')
  assert.equal((await recordOf(f)).session, 'owner')
})

test('a judge is asked once for a record, and again for one that changed before the right to write', async () => {
  await using f = await fixture()
  await boundUpload(f)
  const seen: SlotRecord[] = []
  const passage: Passage = {
    session: 'owner',
    judge: async (record) => {
      seen.push(record)
      return 'pass'
    },
  }
  await f.engine.status({ resource: 'r', client: OWNER, passage })
  assert.equal(seen.length, 1)
  const sender = sentBody()
  const append = { resource: 'r', client: OWNER, passage: passageOf('owner'), completes: true }
  const sending = f.engine.append({ ...append, offset: 2, body: sender })
  await sender.send('c')
  await f.engine.status({ resource: 'r', client: OWNER, passage })
  await sending
  assert.deepEqual(
    seen.slice(1).map(({ uploads }) => uploads[0]?.durable),
    [2, 3],
  )
})

test('a judge learns whether the grant would be accepted once more', async () => {
  await using f = await fixture()
  const told: boolean[] = []
  const judge: Passage['judge'] = async (_record, { reopens }) => {
    told.push(reopens)
    return 'pass'
  }
  const request = {
    grant: GRANT,
    client: OWNER,
    passage: { session: 'owner', binds: 'owner', judge },
  }
  await f.engine.range({ ...request, piece: { offset: 0, body: wholeBody('ab') } })
  await f.engine.range(request)
  f.time += 9 * 60_000
  await f.engine.range({ ...request, piece: { offset: 2, body: wholeBody('c') } })
  f.time += 9 * 60_000
  await f.engine.range({ ...request, piece: { offset: 3, body: wholeBody('d') } })
  await f.engine.range(request)
  assert.deepEqual(told, [false, false, true, false])
})

test('a bound slot that is forgotten, long after its session, is opened anew by a grant that still holds', async () => {
  await using f = await fixture()
  await boundUpload(f)
  const { maxSessionAge } = f.needs.policy()
  const grant = { ...GRANT, expiresAt: f.time + 3 * maxSessionAge }
  f.time += 2 * maxSessionAge - 1
  await f.engine.sweep(AbortSignal.timeout(5_000))
  await assert.rejects(f.engine.put({ grant, client: THIEF, body: wholeBody('abcd') }), UNPROVED)
  f.time += 1
  await f.engine.sweep(AbortSignal.timeout(5_000))
  assert.equal(await f.needs.slots.find(GRANT.fingerprint), undefined)
  const outcome = await f.engine.put({ grant, client: OWNER, body: wholeBody('abcd') })
  assert.equal(outcome.kind, 'published')
})
