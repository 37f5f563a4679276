import assert from 'node:assert/strict'
import test from 'node:test'
import type { Engine, RangeRequest } from '../../src/engine/engine.ts'
import { type SentBody, sentBody, wholeBody } from './bodies.ts'
import { blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('127.0.0.2')
const MOBILE = clientAt('127.0.0.3')
const MINUTE = 60_000

/** A piece of the file of ten bytes. */
function piece(offset: number, body: SentBody, client = WIFI): RangeRequest {
  return { grant: grantFor('a', 10), client, piece: { offset, body } }
}

const QUESTION: RangeRequest = { grant: grantFor('a', 10), client: MOBILE }

/** How far the upload is after a request. */
async function offsetAfter(outcome: ReturnType<Engine['range']>): Promise<number> {
  const told = await outcome
  assert.ok(told.kind === 'progress', told.kind)
  return told.offset
}

test('pieces that follow one another become the file', async () => {
  await using f = await fixture({ fsync: 'ack' })
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 0)
  assert.equal(await f.engine.sizeOf(QUESTION.grant.path), undefined)
  assert.equal(await offsetAfter(f.engine.range(piece(0, wholeBody('0123')))), 4)
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 4)
  assert.equal(await f.engine.sizeOf(QUESTION.grant.path), 10)
  const last = await f.engine.range(piece(4, wholeBody('456789'), MOBILE))
  assert.ok(last.kind === 'published')
  assert.equal(await contentOf(f.engine, last.file), '0123456789')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('a piece at another offset is refused with the true one, and nothing is stored', async () => {
  await using f = await fixture()
  await assert.rejects(f.engine.range(piece(4, sentBody())), { facts: { expected: 0 } })
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  await f.engine.range(piece(0, wholeBody('0123')))
  for (const offset of [0, 3, 5]) {
    const asked = f.engine.range(piece(offset, sentBody()))
    await assert.rejects(asked, { code: 'offset-mismatch', facts: { expected: 4 } })
  }
})

test('what a whole body left that was cut is gone on with', async () => {
  await using f = await fixture()
  const body = sentBody()
  const put = f.engine.put({ grant: grantFor('a', 10), client: WIFI, body })
  await body.send('0123')
  body.cut()
  await put
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 4)
  const last = await f.engine.range(piece(4, wholeBody('456789')))
  assert.ok(last.kind === 'published')
  assert.equal(await contentOf(f.engine, last.file), '0123456789')
})

test('every byte counts of a sender that is still connected when the question comes', async () => {
  for (const face of ['plain', 'range'] as const) {
    await using f = await fixture()
    const alive = sentBody()
    const sending =
      face === 'plain'
        ? f.engine.put({ grant: grantFor('a', 10), client: WIFI, body: alive })
        : f.engine.range(piece(0, alive))
    await alive.send('012345')
    assert.equal(await offsetAfter(f.engine.range(QUESTION)), 6)
    assert.deepEqual([(await sending).kind, alive.isCut], ['cut', true])
    assert.ok(f.events.includes('taken over 127.0.0.2 → 127.0.0.3'))
    const last = await f.engine.range(piece(6, wholeBody('6789')))
    assert.equal(last.kind, 'published')
  }
})

test('a whole body starts over what pieces began', async () => {
  await using f = await fixture()
  await f.engine.range(piece(0, wholeBody('wrong')))
  const put = { grant: grantFor('a', 10), client: WIFI, body: wholeBody('0123456789') }
  const done = await f.engine.put(put)
  assert.ok(done.kind === 'published')
  assert.equal(await contentOf(f.engine, done.file), '0123456789')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('an upload with a resource is not told to, and not changed by, who only has the grant', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 10)
  await f.engine.create({ grant, client: WIFI, face: 'tus', resource: 'r' })
  const some = { resource: 'r', client: WIFI, offset: 0, completes: true }
  await f.engine.append({ ...some, body: wholeBody('0123') })
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 0)
  await f.engine.range(piece(0, wholeBody('other')))
  const rest = { ...some, offset: 4, body: wholeBody('456789') }
  const done = await f.engine.append(rest)
  assert.ok(done.kind === 'published')
  assert.equal(await contentOf(f.engine, done.file), '0123456789')
})

test('a piece of a finished file is compared with it, and the question is answered with it', async () => {
  await using f = await fixture()
  await f.engine.put({ grant: grantFor('a', 10), client: WIFI, body: wholeBody('0123456789') })
  assert.equal((await f.engine.range(QUESTION)).kind, 'published')
  assert.equal((await f.engine.range(piece(3, wholeBody('345')))).kind, 'published')
  await assert.rejects(f.engine.range(piece(3, wholeBody('34x'))), { code: 'slot-conflict' })
  const beyond = f.engine.range(piece(8, wholeBody('89x')))
  await assert.rejects(beyond, { code: 'slot-conflict' })
})

test('bytes that were all there before a crash are published by the question for them', async () => {
  await using f = await fixture()
  const failing = f.another({
    blobs: { ...f.needs.blobs, publish: () => Promise.reject(new Error('the machine fails')) },
  })
  await f.engine.range(piece(0, wholeBody('012345678')))
  const record = await f.engine.find(QUESTION.grant.path)
  assert.ok(record !== undefined)
  await assert.rejects(failing.range(piece(9, wholeBody('9'))), /the machine fails/u)
  // As a commit that ran while the last byte came would have left it.
  const taken = await f.engine.find(QUESTION.grant.path)
  assert.ok(taken !== undefined)
  const uploads = taken.uploads.map((upload) => ({ ...upload, durable: 10 }))
  assert.ok(await f.needs.slots.replace({ ...taken, uploads }, taken.lease))
  const answer = await f.engine.range(QUESTION)
  assert.ok(answer.kind === 'published')
  assert.equal(await contentOf(f.engine, answer.file), '0123456789')
})

test('a file of no bytes is one empty piece', async () => {
  await using f = await fixture()
  const grant = grantFor('empty', 0)
  const whole = { grant, client: WIFI, piece: { offset: 0, body: wholeBody() } }
  assert.equal((await f.engine.range(whole)).kind, 'published')
})

test('pieces are kept for as long as an upload may stand still, counted from the last byte', async () => {
  await using f = await fixture({ resumeTimeout: 10 * MINUTE })
  const { signal } = new AbortController()
  await f.engine.range(piece(0, wholeBody('01')))
  f.time += 9 * MINUTE
  await f.engine.range(piece(2, wholeBody('23')))
  f.time += 9 * MINUTE
  await f.engine.sweep(signal)
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 4)
  f.time += MINUTE
  await f.engine.sweep(signal)
  assert.equal(await offsetAfter(f.engine.range(QUESTION)), 0)
})

test('after the last byte nothing stops a piece: a question waits for the outcome', async () => {
  await using f = await fixture()
  const asked = Promise.withResolvers<void>()
  const { leases } = f.needs
  let acquired = 0
  const engine = f.another({
    leases: {
      ...leases,
      acquire: async (slot, request) => {
        const lease = leases.acquire(slot, request)
        acquired += 1
        if (acquired === 2) asked.resolve()
        return await lease
      },
    },
  })
  const body = sentBody()
  const sending = engine.range(piece(0, body))
  await body.send('0123456789')
  const answer = engine.range(QUESTION)
  await asked.promise
  assert.equal(body.isCut, false)
  body.end()
  assert.deepEqual([(await sending).kind, (await answer).kind], ['published', 'published'])
})
