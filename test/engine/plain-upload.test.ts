import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import type { Cut, Published } from '../../src/engine/engine.ts'
import type { BlobStore, SlotStore } from '../../src/engine/ports.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { collect } from '../conformance/slot-store.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('127.0.0.2')
const MOBILE = clientAt('127.0.0.3')
const MINUTE = 60_000

function published(outcome: { kind: string }): asserts outcome is Published {
  assert.equal(outcome.kind, 'published')
}

test('a whole body becomes the file, and its part is gone', async () => {
  await using f = await fixture({ fsync: 'ack' })
  const grant = grantFor('a/b.txt', 11)
  const outcome = await f.engine.put({ grant, client: WIFI, body: wholeBody('hello ', 'world') })
  published(outcome)
  assert.equal(await contentOf(f.engine, outcome.file), 'hello world')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
  assert.deepEqual(f.events, ['opened', 'published'])
})

test('a file of zero bytes is a file', async () => {
  await using f = await fixture()
  const outcome = await f.engine.put({ grant: grantFor('a', 0), client: WIFI, body: wholeBody() })
  published(outcome)
  assert.equal(outcome.file.size, 0)
})

test('the newest request wins: the older sender is cut, and its bytes are nowhere in the file', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 6)
  const first = sentBody()
  const loser = f.engine.put({ grant, client: WIFI, body: first })
  await first.send('old')
  const winner = await f.engine.put({ grant, client: MOBILE, body: wholeBody('newest') })
  assert.deepEqual(await loser, { kind: 'cut' })
  assert.equal(first.isCut, true)
  published(winner)
  assert.equal(await contentOf(f.engine, winner.file), 'newest')
  assert.deepEqual(f.events, [
    'interrupted 3',
    'taken over 127.0.0.2 → 127.0.0.3',
    'opened',
    'published',
  ])
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('of three requests at once the newest wins and the others end unanswered', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 3)
  const [first, second] = [sentBody(), sentBody()]
  const one = f.engine.put({ grant, client: WIFI, body: first })
  await first.send('1')
  const two = f.engine.put({ grant, client: WIFI, body: second })
  const three = f.engine.put({ grant, client: MOBILE, body: wholeBody('333') })
  assert.deepEqual([(await one).kind, (await two).kind], ['cut', 'cut'])
  const winner = await three
  published(winner)
  assert.equal(await contentOf(f.engine, winner.file), '333')
})

test('a refused request never disturbs the one that uploads', async () => {
  await using f = await fixture()
  const first = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 3), client: WIFI, body: first })
  await first.send('ab')
  const expired = { scheme: 'jwt', expiresAt: f.time - 2 * MINUTE } as const
  await assert.rejects(
    f.engine.put({ grant: grantFor('a', 3, expired), client: MOBILE, body: sentBody() }),
    { code: 'grant-expired' },
  )
  await assert.rejects(
    f.engine.put({ grant: grantFor('a', 4), client: MOBILE, body: sentBody() }),
    { code: 'slot-conflict' },
  )
  await first.send('c')
  first.end()
  published(await upload)
})

/** The blob store with a door in front of `publish`. */
function held(blobs: BlobStore): { blobs: BlobStore; reached: Promise<void>; open: () => void } {
  const door = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const publish: BlobStore['publish'] = async (part, file, options) => {
    reached.resolve()
    await door.promise
    return await blobs.publish(part, file, options)
  }
  const proxy = new Proxy(blobs, {
    get: (target, name) => (name === 'publish' ? publish : Reflect.get(target, name)),
  })
  return { blobs: proxy, reached: reached.promise, open: () => door.resolve() }
}

test('nothing stops an upload after its last byte: a newcomer waits and is a repeat', async () => {
  await using f = await fixture()
  const door = held(f.needs.blobs)
  const engine = f.another({ blobs: door.blobs })
  const grant = grantFor('a', 3)
  const first = wholeBody('abc')
  const upload = engine.put({ grant, client: WIFI, body: first })
  await door.reached
  const repeat = engine.put({ grant, client: MOBILE, body: wholeBody('abc') })
  const other = engine.put({ grant, client: MOBILE, body: wholeBody('xyz') })
  door.open()
  published(await upload)
  assert.equal(first.isCut, false)
  assert.equal((await repeat).kind, 'cut', 'overtaken by the third')
  await assert.rejects(other, { code: 'slot-conflict' })
  assert.deepEqual(f.events, ['opened', 'published', 'repeated different'])
})

test('a first upload whose record cannot be stored is answered 201 when it is repeated, and leaves one orphan', async () => {
  await using f = await fixture()
  const { slots, blobs } = f.needs
  let refusals = 1
  const create: SlotStore['create'] = async (record) => {
    if (refusals-- > 0) throw new Refusal('state-unavailable')
    return await slots.create(record)
  }
  const engine = f.another({ slots: { ...slots, create } })
  const put = async (): Promise<Published | Cut> =>
    await engine.put({ grant: grantFor('a', 3), client: WIFI, body: wholeBody('abc') })
  await assert.rejects(put(), { code: 'state-unavailable' })
  const first = await collect(blobs.list())
  assert.deepEqual(
    first.map(({ kind, size }) => [kind, size]),
    [['file', 3]],
  )
  assert.deepEqual(await collect(slots.all()), [])
  const second = await put()
  published(second)
  const all = await collect(blobs.list())
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ['file', 'file'],
  )
  assert.notEqual(first[0]?.key, second.file.id)
  assert.deepEqual(
    (await collect(slots.all())).map(({ id, state }) => [id, state]),
    [[second.file.id, 'published']],
  )
})

test('a connection that is lost after the last byte does not stop the upload', async () => {
  await using f = await fixture()
  const door = held(f.needs.blobs)
  const engine = f.another({ blobs: door.blobs })
  const body = sentBody()
  const upload = engine.put({ grant: grantFor('a', 3), client: WIFI, body })
  await body.send('abc')
  body.cut()
  await door.reached
  door.open()
  published(await upload)
})

test('a newcomer that waits too long for the outcome is told to come again', async () => {
  await using f = await fixture()
  const door = held(f.needs.blobs)
  const deadline = new AbortController()
  const asked: number[] = []
  const engine = f.another({
    blobs: door.blobs,
    deadline: (milliseconds) => {
      asked.push(milliseconds)
      return deadline.signal
    },
  })
  const grant = grantFor('a', 3)
  const upload = engine.put({ grant, client: WIFI, body: wholeBody('abc') })
  await door.reached
  const waiting = engine.put({ grant, client: MOBILE, body: sentBody() })
  const refused = assert.rejects(waiting, { code: 'upload-settling' })
  await new Promise(setImmediate)
  deadline.abort()
  await refused
  assert.deepEqual(asked, [25_000])
  door.open()
  published(await upload)
})

test('D7: the same bytes again are the same success, other bytes are refused and change nothing', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 6)
  const first = await f.engine.put({ grant, client: WIFI, body: wholeBody('abcdef') })
  published(first)
  const again = await f.engine.put({ grant, client: MOBILE, body: wholeBody('ab', 'cdef') })
  assert.deepEqual(again, first)
  for (const bytes of ['abcdeX', 'Xbcdef']) {
    await assert.rejects(f.engine.put({ grant, client: MOBILE, body: wholeBody(bytes) }), {
      code: 'slot-conflict',
    })
  }
  await assert.rejects(
    f.engine.put({ grant: grantFor('a', 5), client: MOBILE, body: wholeBody('abcde') }),
    { code: 'slot-conflict' },
  )
  assert.equal(await contentOf(f.engine, first.file), 'abcdef')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('a repeat of a finished slot needs no unexpired grant, a first use does', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 3, { scheme: 'jwt', expiresAt: f.time + MINUTE })
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }))
  f.time += 10 * MINUTE
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }))
  const other = grantFor('b', 3, { scheme: 'jwt', expiresAt: f.time - MINUTE - 1 })
  await assert.rejects(f.engine.put({ grant: other, client: WIFI, body: sentBody() }), {
    code: 'grant-expired',
  })
})

test('expiry has a minute of skew and nothing else', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 1, { scheme: 'jwt', expiresAt: f.time - MINUTE })
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('x') }))
})

test('what came before a cut is kept until the resume time-out, and nothing is published', async () => {
  await using f = await fixture()
  const body = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 10), client: WIFI, body })
  await body.send('12345')
  assert.equal((await f.engine.lookup(parseSlotPath('a'))).kind, 'unfinished')
  body.cut()
  assert.deepEqual(await upload, { kind: 'cut' })
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  f.time += 10 * MINUTE - 1
  assert.equal(await f.engine.sweep(new AbortController().signal), 0)
  f.time += 1
  assert.equal(await f.engine.sweep(new AbortController().signal), 1)
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  assert.equal((await f.engine.lookup(parseSlotPath('a'))).kind, 'unknown')
  assert.deepEqual(f.events, ['opened', 'interrupted 5', 'abandoned expired'])
})

test('a slot whose upload was cut can be used again at once', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 3)
  const body = sentBody()
  const cut = f.engine.put({ grant, client: WIFI, body })
  await body.send('a')
  body.cut()
  await cut
  published(await f.engine.put({ grant, client: MOBILE, body: wholeBody('abc') }))
  assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
})

test('D18: more bytes than the slot has are refused before they are written', async () => {
  await using f = await fixture()
  const upload = f.engine.put({ grant: grantFor('a', 3), client: WIFI, body: wholeBody('abcd') })
  await assert.rejects(upload, { code: 'size-mismatch' })
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('a path is never published twice', async () => {
  await using f = await fixture()
  const path = parseSlotPath('a')
  const grant = grantFor('a', 3)
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }))
  assert.equal(await f.engine.remove(path), true)
  assert.equal(await f.engine.remove(path), false)
  assert.equal((await f.engine.lookup(path)).kind, 'unknown')
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  await assert.rejects(f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }), {
    code: 'slot-spent',
  })
  f.time += 400 * 24 * 60 * MINUTE
  await f.engine.sweep(new AbortController().signal)
  await assert.rejects(f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }), {
    code: 'slot-spent',
  })
})

test('a published file ends with its life, and readers know at once', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 3, { fileExpiresAt: f.time + MINUTE })
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('abc') }))
  assert.equal((await f.engine.lookup(grant.path)).kind, 'published')
  f.time += MINUTE
  assert.equal((await f.engine.lookup(grant.path)).kind, 'unknown')
  assert.equal(await f.engine.sweep(new AbortController().signal), 1)
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('too large, no room on the disk and too much reserved are refused before a byte', async () => {
  await using f = await fixture({ maxFileSize: 100 })
  const body = sentBody()
  await assert.rejects(f.engine.put({ grant: grantFor('a', 101), client: WIFI, body }), {
    code: 'file-too-large',
  })
  await using full = await fixture({ minFree: Number.MAX_SAFE_INTEGER })
  await assert.rejects(full.engine.put({ grant: grantFor('a', 1), client: WIFI, body }), {
    code: 'disk-full',
  })
})

test('an owner has so many open uploads and so many reserved bytes, whoever else uploads', async () => {
  await using f = await fixture({ openUploadsPerOwner: 2, reservedBytesPerOwner: 100 })
  const open = [sentBody(), sentBody()]
  const romeo = { user: 'romeo@example.org' }
  const juliet = { user: 'juliet@example.org' }
  const running = open.map(async (body, index) => {
    return await f.engine.put({ grant: grantFor(`a${index}`, 40, romeo), client: WIFI, body })
  })
  await Promise.all(open.map(async ({ started }) => await started))
  const refuse = async (path: string, size: number, user: object): Promise<void> => {
    const grant = grantFor(path, size, user)
    await assert.rejects(f.engine.put({ grant, client: WIFI, body: sentBody() }), {
      code: 'too-many-uploads',
    })
  }
  await refuse('b', 1, romeo)
  open[0]?.cut()
  await running[0]
  await refuse('b', 61, romeo)
  const large = wholeBody('x'.repeat(300))
  published(await f.engine.put({ grant: grantFor('c', 300, juliet), client: WIFI, body: large }))
  open[1]?.cut()
  await running[1]
})

test('the first path that presents a claim owns it', async () => {
  await using f = await fixture()
  const claim = { scheme: 'bearer', claim: 'signed' } as const
  const grant = grantFor('a/x.jpg', 1, claim)
  published(await f.engine.put({ grant, client: WIFI, body: wholeBody('x') }))
  const other = grantFor('b/x.jpg', 1, claim)
  await assert.rejects(f.engine.put({ grant: other, client: WIFI, body: wholeBody('x') }), {
    code: 'grant-invalid',
  })
})

test('a reader that waits is told when the file is there', async () => {
  await using f = await fixture()
  const path = parseSlotPath('a')
  const body = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 2), client: WIFI, body })
  await body.send('x')
  const gone = new AbortController()
  const impatient = f.engine.untilPublished(path, gone.signal)
  const patient = f.engine.untilPublished(path, new AbortController().signal)
  gone.abort(new Error('gone'))
  await assert.rejects(impatient, /gone/u)
  await body.send('y')
  body.end()
  await upload
  assert.equal((await patient).size, 2)
  assert.equal((await f.engine.untilPublished(path, new AbortController().signal)).size, 2)
})

test('a holder of another process that was overtaken can commit nothing', async () => {
  await using f = await fixture()
  const elsewhere = f.another()
  const grant = grantFor('a', 3)
  const slow = sentBody()
  const first = f.engine.put({ grant, client: WIFI, body: slow })
  await slow.send('old'.slice(0, 2))
  published(await elsewhere.put({ grant, client: MOBILE, body: wholeBody('new') }))
  await slow.send('d')
  slow.end()
  assert.deepEqual(await first, { kind: 'cut' })
  const found = await f.engine.lookup(grant.path)
  published(found)
  assert.equal(await contentOf(f.engine, found.file), 'new')
})

test('disposing the engine waits for what is under way', async () => {
  await using f = await fixture()
  const door = held(f.needs.blobs)
  const engine = f.another({ blobs: door.blobs })
  const upload = engine.put({ grant: grantFor('a', 1), client: WIFI, body: wholeBody('x') })
  await door.reached
  const order: string[] = []
  const disposed = engine[Symbol.asyncDispose]().then(() => order.push('disposed'))
  void upload.then(() => order.push('uploaded'))
  door.open()
  await disposed
  assert.deepEqual(order, ['uploaded', 'disposed'])
})

test('removing a file that is not there yet leaves its upload alone', async () => {
  await using f = await fixture()
  const body = sentBody()
  const upload = f.engine.put({ grant: grantFor('a', 2), client: WIFI, body })
  await body.send('x')
  assert.equal(await f.engine.remove(parseSlotPath('a')), false)
  await body.send('y')
  body.end()
  published(await upload)
})

test('a plain body with the wrong digest is refused and leaves no file', async () => {
  await using f = await fixture()
  const put = { grant: grantFor('digested', 6), client: WIFI }
  for (const said of ['content', 'whole'] as const) {
    const digests = { [said]: { sha256: 'wrong' } }
    await assert.rejects(f.engine.put({ ...put, digests, body: wholeBody('abcdef') }), {
      code: 'digest-mismatch',
    })
    assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
  }
  const sha256 = createHash('sha256').update('abcdef').digest('base64')
  const digests = { content: { sha256 }, whole: { sha256 }, wanted: 'sha256' } as const
  const outcome = await f.engine.put({ ...put, digests, body: wholeBody('abcdef') })
  assert.partialDeepStrictEqual(outcome, { kind: 'published', digests: { sha256 } })
})
