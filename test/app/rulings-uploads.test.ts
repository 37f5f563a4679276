/** What becomes of uploads: rulings 1, 2, 4, 5, 6, 8, 12, 13, 16 and 26 of docs/rulings.md. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { resumableFaces } from '../../src/app/faces.ts'
import { router } from '../../src/app/router.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Handler } from '../../src/http/exchange.ts'
import { putHandler } from '../../src/protocols/plain/put.ts'
import { clientAt, grantFor } from '../engine/grants.ts'
import { sentBody, wholeBody } from '../engine/bodies.ts'
import { type Fixture, blobCount, fixture } from '../engine/fixture.ts'
import { gateOf } from '../gate/fixture.ts'
import { serve } from '../http/server-fixture.ts'
import {
  INTEROPS,
  MOBILE,
  PHONE,
  append,
  created,
  creation,
  head,
  offsetOf,
  speaking,
} from './rufh-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Site, auditOf, configOf, eventually, filesBelow, startSite } from './site.ts'
import { type SignedPut, get, signedDelete, signedPut } from './slots.ts'
import { patch } from './tus-client.ts'
import { contentOf, halfSent, metricsOf } from './visits.ts'
import { ask, dial, headOf } from './wire-client.ts'

const PATH = 'a1b2/photo.jpg'
const NONE = Buffer.alloc(0)
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const CLIENT = clientAt('192.0.2.1')

/** An upload with a resource that holds the first bytes of a file, and the file. */
async function begun(site: Site, path = PATH): Promise<{ put: SignedPut; target: string }> {
  const put = signedPut(path, randomBytes(1000))
  const target = await created(site, put)
  const bytes = put.body.subarray(0, 400)
  await ask(site.port, append(target, 8, { offset: 0, bytes, isComplete: false }))
  return { put, target }
}

/** What the upload lacks. */
function restOf({ put, target }: { put: SignedPut; target: string }): SignedPut {
  return append(target, 8, { offset: 400, bytes: put.body.subarray(400), isComplete: true })
}

test('ruling 1: a PUT on an unfinished slot starts a new generation, and whichever is complete first is published', async () => {
  await using site = await startSite()
  const parked = await begun(site, 'a/parked')
  using plain = await halfSent(site, signedPut('a/parked', randomBytes(1000)), PHONE)
  assert.equal(await offsetOf(site, parked.target), 400, 'the parked one is as it was')
  assert.equal((await plain.ended).length, 0, 'and takes the place back')
  assert.equal((await ask(site.port, restOf(parked))).status, 201)
  assert.ok((await contentOf(site, 'a/parked')).equals(parked.put.body))

  const loser = await begun(site, 'a/plain')
  const winner = signedPut('a/plain', randomBytes(1000))
  assert.equal((await ask(site.port, winner)).status, 201)
  assert.ok((await contentOf(site, 'a/plain')).equals(winner.body), 'no byte of the other')
  assert.equal((await ask(site.port, head(loser.target, 8))).status, 410)
  assert.equal((await ask(site.port, restOf(loser))).status, 410)

  await site.server.shutdown()
  const lines = (await auditOf(site.folder)).filter(({ event }) => event === 'takeover')
  assert.deepEqual(
    lines.map(({ from, address }) => [from, address]),
    [[PHONE, '127.0.0.1']],
  )
})

/** Handlers over an engine whose publishing waits for `open`, and whose patience is over once the holder was asked. */
function settling(f: Fixture): {
  handler: Handler
  reached: Promise<void>
  open: () => void
  waits: number[]
} {
  const [door, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const waits: number[] = []
  const { blobs } = f.needs
  const engine = f.another({
    blobs: {
      ...blobs,
      publish: async (...args) => {
        reached.resolve()
        await door.promise
        return await blobs.publish(...args)
      },
    },
    deadline: (milliseconds) => {
      waits.push(milliseconds)
      const over = new AbortController()
      setImmediate(() => over.abort())
      return over.signal
    },
  })
  const config = configOf('/nowhere', ['server.public_url=http://localhost/'])
  const entrance = gateOf(config)
  const put = putHandler({ gate: entrance, engine, publicUrl: config.server.publicUrl })
  const faces = resumableFaces(config, { gate: entrance, engine, clock: systemClock, plain: put })
  const handler = router({ put, ...faces, remove: put, download: put, health: put })
  return { handler, reached: reached.promise, open: () => door.resolve(), waits }
}

/** Requests that bring the last byte, by protocol; `target` is an upload resource of the same slot. */
const LAST_BYTES: Readonly<Record<string, (put: SignedPut, target: string) => SignedPut>> = {
  plain: (put) => put,
  rufh: ({ body: bytes }, target) => append(target, 8, { offset: 0, bytes, isComplete: true }),
  tus: ({ body }, target) => ({ ...patch(target, 0, body), target, body }),
}

test('ruling 2: nothing stops an upload after its last byte; a PUT that waited 25 s is 503, a request by RUFH is cut', async () => {
  for (const [face, lastBytes] of Object.entries(LAST_BYTES)) {
    for (const isGone of [true, false]) {
      await using f = await fixture()
      const { handler, reached, open, waits } = settling(f)
      await using server = await serve(handler)
      const put = signedPut(PATH, 'hello')
      const target = await created(server, put)
      using sender = await dial(server.port)
      const last = lastBytes(put, target)
      sender.send(headOf(last))
      sender.send(last.body)
      await reached
      if (isGone) sender.socket.destroy()
      const late = await ask(server.port, put)
      assert.deepEqual([late.status, late.code], [503, 'upload-settling'], face)
      assert.equal(late.headers['retry-after'], '0')
      using question = await dial(server.port)
      question.send(headOf(head(target, 8, { Connection: 'close' })))
      assert.equal((await question.ended).length, 0, 'unanswered')
      assert.deepEqual([...new Set(waits)], [25 * SECOND])
      assert.ok(!f.events.includes('published'))
      open()
      await eventually(async () => f.events.includes('published'))
      if (!isGone) await sender.until(face === 'tus' ? 'HTTP/1.1 204 ' : 'HTTP/1.1 201 ')
    }
  }
})

test('ruling 4: bytes are kept for resume_timeout after the last one, or for 72 hours once a resource was told', async (t) => {
  await using f = await fixture({ resumeTimeout: 10 * MINUTE, maxSessionAge: 72 * HOUR })
  const { signal } = new AbortController()
  const body = sentBody()
  const put = f.engine.put({ grant: grantFor('plain', 4), client: CLIENT, body })
  await body.send('ab')
  body.cut()
  await put
  const told = { grant: grantFor('told', 4), client: CLIENT, face: 'rufh', resource: 'r' } as const
  await f.engine.create(told)
  const began = f.time
  f.time = began + 10 * MINUTE - 1
  assert.equal(await f.engine.sweep(signal), 0)
  const more = { resource: 'r', client: CLIENT, offset: 0, completes: false }
  await f.engine.append({ ...more, body: wholeBody('ab') })
  f.time = began + 10 * MINUTE
  assert.equal(await f.engine.sweep(signal), 1, 'the plain one')
  f.time = began + 72 * HOUR - 1
  await f.engine.sweep(signal)
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  f.time += 1
  await f.engine.sweep(signal)
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })

  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using site = await startSite()
  const { target } = await begun(site)
  for (const [wait, left] of [
    [0, 72 * 3600],
    [HOUR, 71 * 3600],
  ] as const) {
    t.mock.timers.setTime(systemClock() + wait)
    const { headers } = await ask(site.port, head(target, 8))
    assert.equal(headers['upload-limit'], `max-size=1000, max-age=${left}`)
  }
})

test('ruling 5: a path that was published is spent, after its expiry and DELETE, too', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, 'hello', { scheme: 'token' })
  await ask(site.port, put)
  await ask(site.port, signedDelete(PATH))
  const again = await ask(site.port, put)
  assert.deepEqual([again.status, again.code], [409, 'slot-spent'])
  assert.equal((await ask(site.port, get(PATH))).status, 404)

  for (const timelessGrants of [true, false]) {
    await using f = await fixture({ timelessGrants, fileMaxAge: HOUR, maxSessionAge: 72 * HOUR })
    const { signal } = new AbortController()
    const grant = grantFor('a', 5, { scheme: 'jwt', expiresAt: f.time + HOUR })
    await f.engine.put({ grant, client: CLIENT, body: wholeBody('hello') })
    f.time += HOUR
    await f.engine.sweep(signal)
    const spent = f.engine.put({ grant, client: CLIENT, body: wholeBody('hello') })
    await assert.rejects(spent, { code: 'slot-spent' })
    f.time += 72 * HOUR - 1
    await f.engine.sweep(signal)
    assert.equal((await f.engine.find(grant.path))?.state, 'spent')
    f.time += 1
    await f.engine.sweep(signal)
    assert.equal((await f.engine.find(grant.path))?.state, timelessGrants ? 'spent' : undefined)
  }
})

test('ruling 6: all grants for a path are one slot, and a token that signs no folder belongs to one path', async () => {
  await using site = await startSite()
  const first = await ask(site.port, signedPut(PATH, 'hello', { scheme: 'v1' }))
  const second = await ask(site.port, signedPut(PATH, 'hello', { scheme: 'jwt' }))
  assert.deepEqual([second.status, second.headers['etag']], [201, first.headers['etag']])
  const longer = await ask(site.port, signedPut(PATH, 'hello world', { scheme: 'v2' }))
  assert.deepEqual([longer.status, longer.code], [409, 'slot-conflict'])
  const owner = signedPut('one/b.txt', 'hello', { scheme: 'bearer' })
  assert.equal((await ask(site.port, owner)).status, 201)
  const thief = await ask(site.port, { ...owner, target: owner.target.replace('one', 'two') })
  assert.deepEqual([thief.status, thief.code], [403, 'grant-invalid'])
})

test('ruling 8: without room for its session an upload goes on, and is recovered as often as any other', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  const limits = ['session_store.max_sessions=1', 'network_resilience.max_token_refreshes=1']
  const others = ['security.enhanced_security=false', 'admin.listen=127.0.0.1:0']
  await using site = await startSite([...limits, ...others])
  const [with_, without] = [largePut('a/one'), largePut('a/two')]
  await cutUpload(site, with_)
  await cutUpload(site, without)
  assert.match(await metricsOf(site), /^hfs_sessions 1$/mu)
  t.mock.timers.setTime(systemClock() + HOUR)
  await cutUpload(site, without)
  t.mock.timers.setTime(systemClock() + 25 * HOUR)
  assert.equal((await ask(site.port, without)).status, 403, 'recovered once already')
  assert.equal((await ask(site.port, with_)).status, 201)
  // The store learns of its end with the next batch.
  await eventually(async () => (await metricsOf(site)).includes('\nhfs_sessions 0\n'))
  await site.server.shutdown()
  const events = (await auditOf(site.folder)).map(({ event }) => event)
  const count = (event: string): number => events.filter((each) => each === event).length
  assert.ok(count('session-refused') > 0)
  assert.equal(count('recovered'), 2)
})

test('ruling 12: the eleventh sender in a fight waits for a second and is served; RUFH is never told 429', async () => {
  await using site = await startSite(['limits.open_uploads_per_owner=1'])
  const put = signedPut(PATH, randomBytes(1000))
  const folder = join(site.config.storage.url.folder, 'parts')
  const seen = new Set<string>()
  using senders = new DisposableStack()
  for (let sender = 0; sender <= 10; sender += 1) {
    const wire = senders.use(await dial(site.port, PHONE))
    wire.send(headOf(put))
    wire.send(put.body.subarray(0, 500))
    await eventually(async () => {
      const parts = [...(await filesBelow(folder))]
      const fresh = parts.filter(([name, size]) => size === 500 && !seen.has(name))
      for (const [name] of fresh) seen.add(name)
      return fresh.length > 0
    })
  }
  const others = { ...signedPut('a/other', 'hello'), from: PHONE }
  assert.equal((await ask(site.port, others)).status, 429)
  for (const interop of INTEROPS) {
    const reply = await ask(site.port, { ...creation(others, interop), from: PHONE })
    assert.equal(reply.status, 503)
    assert.ok(Number(reply.headers['retry-after']) > 0)
  }
  const began = performance.now()
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  assert.ok(performance.now() - began > 900)
})

test('ruling 13: a reservation counts for the grant’s user, the user in ejabberd’s path, or the network', async () => {
  await using site = await startSite(['limits.open_uploads_per_owner=1'])
  const romeo = { scheme: 'jwt', user: 'romeo@montague.example' } as const
  const juliet = { scheme: 'jwt', user: 'juliet@capulet.example' } as const
  const [one, other] = ['a'.repeat(40), 'b'.repeat(40)]
  const cases = [
    [signedPut('u/1', 'hello', romeo), signedPut('u/2', 'hello', romeo), '127.0.1.2'],
    [signedPut('n/1', 'hello'), signedPut('n/2', 'hello'), PHONE],
    [signedPut(`${one}/x/1`, 'hello'), signedPut(`${one}/x/2`, 'hello'), '127.0.2.2'],
  ] as const
  const free = [signedPut('u/3', 'hello', juliet), signedPut(`${other}/x/3`, 'hello')]
  for (const [first, second, from] of cases) {
    await created(site, { ...first, from: PHONE })
    assert.equal((await ask(site.port, { ...second, from })).status, 429, second.target)
  }
  for (const put of free) assert.equal((await ask(site.port, { ...put, from: PHONE })).status, 201)
  const elsewhere = { ...signedPut('n/2', 'hello'), from: '127.0.3.2' }
  assert.equal((await ask(site.port, elsewhere)).status, 201)

  await using f = await fixture({ minFree: 0, openUploadsPerOwner: 1 })
  const open = { grant: grantFor('a', 4), client: CLIENT, face: 'range' } as const
  await f.engine.create(open)
  const put = async (): Promise<unknown> =>
    await f.engine.put({ grant: grantFor('b', 1), client: CLIENT, body: wholeBody('b') })
  f.time += 10 * MINUTE - 1
  await f.engine.sweep(new AbortController().signal)
  await assert.rejects(put(), { code: 'too-many-uploads' })
  f.time += 1
  await f.engine.sweep(new AbortController().signal)
  await put()
  const full = f.another({ policy: () => ({ ...f.needs.policy(), minFree: Infinity }) })
  const late = full.put({ grant: grantFor('c', 1), client: CLIENT, body: wholeBody('c') })
  await assert.rejects(late, { code: 'disk-full' })
})

test('ruling 16: DELETE on an upload resource frees the slot of an unfinished upload and touches no file', async () => {
  await using site = await startSite()
  const { put, target } = await begun(site)
  const end = { method: 'DELETE', target, headers: speaking(8) }
  assert.equal((await ask(site.port, end)).status, 204)
  assert.equal((await ask(site.port, head(target, 8))).status, 410)
  const second = await created(site, put)
  assert.equal((await ask(site.port, { ...restOf({ put, target: second }) })).status, 409)
  const all = append(second, 8, { offset: 0, bytes: put.body, isComplete: true })
  assert.equal((await ask(site.port, all)).status, 201)
  await ask(site.port, { ...end, target: second })
  assert.ok((await contentOf(site, PATH)).equals(put.body))

  const folder = site.folder
  await site.server.shutdown()
  await using without = await startSite([], { folder, secrets: ['v1', 'token'] })
  const refused = await ask(without.port, signedDelete(PATH))
  assert.ok(refused.status === 401 || refused.status === 403, String(refused.status))
  assert.ok((await contentOf(without, PATH)).equals(put.body))
})

function meaning(method: string): Record<string, string> {
  return { 'X-HTTP-Method-Override': method }
}

test('ruling 26: POST may mean PATCH, DELETE or HEAD; a full upload is no file before it is said to be complete', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  const put = signedPut(PATH, 'hello')
  const target = await created(site, put)
  const full = append(target, 8, { offset: 0, bytes: put.body, isComplete: false })
  const headers = { ...full.headers, ...meaning('PATCH') }
  const filled = await ask(site.port, { ...full, method: 'POST', headers })
  assert.deepEqual([filled.status, filled.headers['upload-complete']], [204, '?0'])
  assert.notEqual((await ask(site.port, get(PATH))).status, 200)
  for (const asked of [
    { method: 'GET', headers: speaking(8) },
    { method: 'POST', headers: speaking(8, meaning('HEAD')) },
    { method: 'HEAD', headers: speaking(8, meaning('DELETE')) },
  ]) {
    const reply = await ask(site.port, { ...asked, target })
    assert.deepEqual([reply.status, reply.headers['upload-offset']], [204, '5'], asked.method)
  }
  for (const method of ['PUT', 'GET', 'OPTIONS', 'TRACE']) {
    const reply = await ask(site.port, { method: 'POST', target, headers: meaning(method) })
    assert.equal(reply.status, 405, method)
  }
  const empty = append(target, 8, { offset: 5, bytes: NONE, isComplete: true })
  assert.equal((await ask(site.port, empty)).status, 201)

  const [small, gone] = [signedPut('a/small', 'hello'), signedPut('a/gone', 'hello')]
  const much = await created(site, small)
  const bytes = Buffer.from('hello!')
  const beyond = await ask(site.port, append(much, 8, { offset: 0, bytes, isComplete: false }))
  assert.ok(beyond.status === 400 || beyond.status === 413, String(beyond.status))
  assert.equal((await ask(site.port, head(much, 8))).status, 410)
  const unwanted = await created(site, gone)
  const end = { method: 'POST', target: unwanted, headers: speaking(8, meaning('DELETE')) }
  assert.equal((await ask(site.port, end)).status, 204)
  assert.equal((await ask(site.port, head(unwanted, 8))).status, 410)
})
