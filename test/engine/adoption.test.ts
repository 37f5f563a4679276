import assert from 'node:assert/strict'
import test from 'node:test'
import type { Grant } from '../../src/core/grant.ts'
import type { CreateRequest } from '../../src/engine/engine.ts'
import type { SlotRecord } from '../../src/engine/slot-record.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { type Fixture, blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'
import { binding, passageOf } from './passages.ts'

const CLIENT = clientAt('127.0.0.2')
const SESSION = passageOf('session')
const ROMEO = { scheme: 'v2', user: 'romeo@example.org' } as const
const OLD = grantFor('old/a.jpg', 6, ROMEO)
const NEW = grantFor('new/a.jpg', 6, ROMEO)
const HOUR = 3_600_000

/** An upload of the session that stands at four of six bytes. */
async function legacy(
  f: Fixture,
  grant: Grant = OLD,
  more: Partial<CreateRequest> = {},
): Promise<void> {
  const delivery = { body: wholeBody('abcd'), completes: false }
  const made = { grant, client: CLIENT, passage: SESSION, face: 'rufh', resource: 'old' } as const
  await f.engine.create({ ...made, delivery, ...more })
}

function adoption(more: Partial<CreateRequest> = {}): CreateRequest {
  const made = { grant: NEW, client: CLIENT, passage: SESSION, face: 'rufh' } as const
  return { ...made, resource: 'new', adopts: 'old', ...more }
}

async function recordOf(f: Fixture, { fingerprint }: Grant): Promise<SlotRecord | undefined> {
  return await f.needs.slots.find(fingerprint)
}

/** Brings the last two bytes and returns the whole file. */
async function finish(f: Fixture, resource = 'new'): Promise<string> {
  const rest = { resource, client: CLIENT, passage: SESSION, offset: 4, completes: true }
  const outcome = await f.engine.append({ ...rest, body: wholeBody('ef') })
  assert.ok(outcome.kind === 'published')
  return await contentOf(f.engine, outcome.file)
}

test('a new slot of the session goes on with the old one’s bytes at the same offset', async () => {
  await using f = await fixture({ fsync: 'ack' })
  await legacy(f)
  const outcome = await f.engine.create(adoption())
  assert.partialDeepStrictEqual(outcome, { kind: 'progress', offset: 4, size: 6 })
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  assert.equal(await finish(f), 'abcdef')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
  assert.deepEqual(
    f.events.filter((event) => event !== 'opened'),
    ['adopted 4', 'published'],
  )
})

test('the old path is spent, nothing is told of it any more, and its resource is gone', async () => {
  await using f = await fixture()
  await legacy(f, OLD, { description: { metadata: 'filename YS5qcGc=' } })
  await f.engine.create(adoption())
  const put = { grant: OLD, client: CLIENT, passage: SESSION, body: wholeBody('abcdef') }
  await assert.rejects(f.engine.put(put), { code: 'slot-spent' })
  const asking = { resource: 'old', client: CLIENT, passage: SESSION }
  await assert.rejects(f.engine.status(asking), { code: 'upload-gone' })
  assert.equal((await f.engine.lookup(OLD.path)).kind, 'unknown')
  const old = JSON.stringify(await recordOf(f, OLD))
  for (const told of ['romeo', 'jpg', 'YS5qcGc', CLIENT.network]) assert.ok(!old.includes(told))
})

test('the new slot is the session’s', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption({ passage: { session: 'session' } }))
  assert.equal((await recordOf(f, NEW))?.session, 'session')
  await assert.rejects(f.engine.status({ resource: 'new', client: CLIENT }), {
    code: 'proof-required',
  })
})

test('an adopted upload needs no share beside the one that it had', async () => {
  await using f = await fixture({ openUploadsPerOwner: 1, reservedBytesPerOwner: 6 })
  await legacy(f)
  await f.engine.create(adoption())
  assert.deepEqual(await f.needs.slots.reserved('user:romeo@example.org'), { uploads: 1, bytes: 6 })
})

test('ejabberd’s users are known by their paths', async () => {
  await using f = await fixture()
  const user = '0123456789abcdef0123456789abcdef01234567'
  const [from, to] = [grantFor(`${user}/x/a`, 6), grantFor(`${user}/y/a`, 6)]
  await legacy(f, from)
  assert.equal((await f.engine.create(adoption({ grant: to }))).kind, 'progress')
})

test('a sender that is still connected on the old slot ends, and what it brought counts', async () => {
  await using f = await fixture()
  await legacy(f)
  const body = sentBody()
  const more = { resource: 'old', client: clientAt('127.0.0.3'), passage: SESSION, offset: 4 }
  const sending = f.engine.append({ ...more, body, completes: true })
  await body.send('e')
  assert.partialDeepStrictEqual(await f.engine.create(adoption()), { offset: 5 })
  assert.deepEqual([(await sending).kind, body.isCut], ['cut', true])
  assert.ok(f.events.includes('taken over 127.0.0.3 → 127.0.0.2'))
})

test('one whose last byte has come is waited for, and its file stays where it was meant to be', async () => {
  await using f = await fixture()
  await legacy(f)
  const body = sentBody()
  const more = { resource: 'old', client: CLIENT, passage: SESSION, offset: 4 }
  const sending = f.engine.append({ ...more, body, completes: true })
  await body.send('ef')
  const adopting = f.engine.create(adoption())
  body.end()
  await assert.rejects(adopting, { code: 'adoption-refused', facts: { why: 'ended' } })
  assert.equal((await sending).kind, 'published')
})

const SHA = { sha256: 'one' }

const OBJECTIONS: Readonly<
  Record<string, { old?: Partial<CreateRequest>; asked?: Partial<CreateRequest>; why: string }>
> = {
  'an unknown upload': { asked: { adopts: 'unheard' }, why: 'unknown' },
  'the upload of another session': { asked: { passage: passageOf('thief') }, why: 'foreign' },
  'an unbound upload': { old: { passage: undefined }, why: 'foreign' },
  'an upload of the same slot': { asked: { grant: OLD }, why: 'same-slot' },
  'the upload of another user': {
    asked: { grant: { ...NEW, user: 'juliet@example.org' } },
    why: 'user',
  },
  'an upload for a grant without a user': {
    asked: { grant: grantFor('new/a.jpg', 6) },
    why: 'user',
  },
  'an upload whose grant has no user': { old: { grant: grantFor('old/a.jpg', 6) }, why: 'user' },
  'an upload of another size': { asked: { grant: { ...NEW, size: 7 } }, why: 'size' },
  'an upload of another type': { asked: { grant: { ...NEW, contentType: 'a/b' } }, why: 'type' },
  'an upload with another digest': {
    old: { description: { digests: SHA } },
    asked: { description: { digests: { sha256: 'other' } } },
    why: 'digest',
  },
  'an upload that alone has a digest': { old: { description: { digests: SHA } }, why: 'digest' },
  'an upload that alone has no digest': {
    asked: { description: { digests: SHA } },
    why: 'digest',
  },
}

for (const [what, { old, asked, why }] of Object.entries(OBJECTIONS)) {
  test(`${what} is not adopted, and everything stays as it was`, async () => {
    await using f = await fixture()
    await legacy(f, OLD, old)
    const before = await recordOf(f, OLD)
    await assert.rejects(f.engine.create(adoption(asked)), {
      code: 'adoption-refused',
      facts: { why },
    })
    assert.deepEqual(await recordOf(f, OLD), before)
    assert.equal(await recordOf(f, NEW), undefined)
    const asking = {
      resource: 'old',
      client: CLIENT,
      passage: old === undefined ? SESSION : undefined,
    }
    if (before?.session === asking.passage?.session) {
      assert.partialDeepStrictEqual(await f.engine.status(asking), { offset: 4 })
    }
  })
}

test('an adoption without proof, or by who would take the session’s place, needs the proof', async () => {
  await using f = await fixture()
  await legacy(f)
  const before = await recordOf(f, OLD)
  const takeover = { ...binding('newer'), session: 'session', binds: 'newer' }
  for (const passage of [undefined, { binds: 'session' }, takeover]) {
    await assert.rejects(f.engine.create(adoption({ passage })), { code: 'proof-required' })
  }
  assert.deepEqual(await recordOf(f, OLD), before)
})

test('bytes of a session never come into a slot that was opened unbound or by another session', async () => {
  await using f = await fixture()
  await legacy(f)
  for (const passage of [undefined, passageOf('other')]) {
    const { fingerprint, path } = grantFor(`new/${passage?.session}`, 6)
    const grant = { ...NEW, fingerprint, path }
    await f.engine.create({ grant, client: CLIENT, passage, face: 'rufh', resource: `of ${path}` })
    const code = passage === undefined ? 'adoption-refused' : 'proof-required'
    await assert.rejects(f.engine.create(adoption({ grant })), { code })
  }
  assert.equal(await finish(f, 'old'), 'abcdef')
})

test('two new slots cannot both have the bytes', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption())
  const grant = grantFor('third/a.jpg', 6, ROMEO)
  await assert.rejects(f.engine.create(adoption({ grant, resource: 'third' })), {
    code: 'adoption-refused',
    facts: { why: 'ended' },
  })
  assert.equal(await finish(f), 'abcdef')
})

test('a client that lost the answer asks again, and goes on with all that came', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption({ resource: 'lost' }))
  const more = { resource: 'lost', client: CLIENT, passage: SESSION, offset: 4, completes: false }
  await f.engine.append({ ...more, body: wholeBody('e') })
  assert.partialDeepStrictEqual(await f.engine.create(adoption()), { offset: 5 })
  const { uploads = [] } = (await recordOf(f, NEW)) ?? {}
  assert.deepEqual(
    uploads.map(({ resource }) => resource),
    ['new'],
  )
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  assert.equal(f.events.filter((event) => event.startsWith('adopted')).length, 1)
})

test('one that lost the answer to the last byte is told of the file', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption())
  await finish(f)
  const again = await f.engine.create(adoption({ resource: 'again' }))
  assert.equal(again.kind, 'published')
})

test('what was given up after its adoption does not come back', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption())
  await f.engine.abort({ resource: 'new', client: CLIENT, passage: SESSION })
  await assert.rejects(f.engine.create(adoption({ resource: 'again' })), {
    code: 'adoption-refused',
    facts: { why: 'ended' },
  })
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('an upload wanders from slot to slot', async () => {
  await using f = await fixture()
  await legacy(f)
  await f.engine.create(adoption())
  const third = grantFor('third/a.jpg', 6, ROMEO)
  await f.engine.create(adoption({ grant: third, resource: 'third', adopts: 'new' }))
  assert.equal(await finish(f, 'third'), 'abcdef')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('time takes the memory of the old slots away, and not the bytes that went on', async () => {
  await using f = await fixture()
  await legacy(f)
  f.time += 71 * HOUR
  await f.engine.create(adoption())
  f.time += 71 * HOUR
  const third = grantFor('third/a.jpg', 6, ROMEO)
  await f.engine.create(adoption({ grant: third, resource: 'third', adopts: 'new' }))
  f.time += 3 * HOUR
  await f.engine.sweep(AbortSignal.timeout(10_000))
  assert.deepEqual((await recordOf(f, OLD))?.uploads, [])
  assert.equal(await finish(f, 'third'), 'abcdef')
})

test('bytes that a killed server left of an adopted upload that ended are orphans', async () => {
  for (const end of ['published', 'aborted'] as const) {
    await using f = await fixture()
    await legacy(f)
    const part = (await recordOf(f, OLD))?.uploads[0]?.id ?? ''
    await f.engine.create(adoption())
    if (end === 'published') await finish(f)
    else await f.engine.abort({ resource: 'new', client: CLIENT, passage: SESSION })
    await using writer = await f.needs.blobs.create(part)
    await writer.write([Buffer.from('abcd')])
    f.time = Date.now() + 2 * HOUR
    const orphans = await f.engine.collect({ dryRun: true, signal: AbortSignal.timeout(10_000) })
    assert.deepEqual(orphans, [{ kind: 'part', key: part, size: 4 }])
  }
})
