import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Grant } from '../../src/core/grant.ts'
import type { EnginePolicy } from '../../src/engine/policy.ts'
import { reopened, standingOf } from '../../src/engine/reopening.ts'
import { opened } from '../../src/engine/transitions.ts'
import { sentBody, wholeBody } from './bodies.ts'
import { type Fixture, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const WIFI = clientAt('192.0.2.7')
const MOBILE = clientAt('198.51.100.7')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** A grant that is good for five minutes. */
function shortGrant(f: Fixture, path = 'a'): Grant {
  return grantFor(path, 6, { scheme: 'v3', expiresAt: f.time + 5 * MINUTE })
}

/** Uploads half of the body and loses the connection. */
async function cutUpload(f: Fixture, grant: Grant): Promise<void> {
  const body = sentBody()
  const put = f.engine.put({ grant, client: WIFI, body })
  await body.send('abc')
  body.cut()
  assert.equal((await put).kind, 'cut')
}

async function retry(f: Fixture, grant: Grant): Promise<string> {
  const body = wholeBody('abcdef')
  return (await f.engine.put({ grant, client: MOBILE, body })).kind
}

function expired(why: string): { code: string; facts: { why: string } } {
  return { code: 'grant-expired', facts: { why } }
}

test('an expired grant is accepted on a slot that was used in time and is unfinished', async () => {
  await using f = await fixture()
  const grant = shortGrant(f)
  await cutUpload(f, grant)
  f.time += HOUR
  assert.equal(await retry(f, grant), 'published')
  assert.deepEqual(f.events, ['opened', 'interrupted 3', 'recovered 1', 'published'])
})

test('an expired grant opens no slot that nobody used', async () => {
  await using f = await fixture()
  const grant = shortGrant(f)
  f.time += HOUR
  await assert.rejects(retry(f, grant), expired('never-used'))
})

test('a grant that had expired before another opened its slot stays useless', async () => {
  await using f = await fixture()
  const early = shortGrant(f)
  f.time += HOUR
  await cutUpload(f, shortGrant(f))
  await assert.rejects(retry(f, early), expired('used-later'))
})

test('within 24 hours of a recovery further requests are not counted, after them the next one is', async () => {
  await using f = await fixture()
  const grant = shortGrant(f)
  await cutUpload(f, grant)
  f.time += HOUR
  await cutUpload(f, grant)
  f.time += 24 * HOUR - 1
  await cutUpload(f, grant)
  f.time += 1
  await cutUpload(f, grant)
  assert.deepEqual(
    f.events.filter((event) => event.startsWith('recovered')),
    ['recovered 1', 'recovered 2'],
  )
})

test('a grant without a time counts as expired ten minutes after its slot was first used', async () => {
  await using f = await fixture()
  const grant = grantFor('a', 6, { scheme: 'v1' })
  await cutUpload(f, grant)
  f.time += 10 * MINUTE
  await cutUpload(f, grant)
  assert.ok(!f.events.includes('recovered 1'))
  f.time += 1
  assert.equal(await retry(f, grant), 'published')
  assert.ok(f.events.includes('recovered 1'))
})

test('recoveries end with their number, and 72 hours after the first use', async () => {
  await using f = await fixture({ maxRecoveries: 1 })
  const [often, old] = [shortGrant(f, 'often'), shortGrant(f, 'old')]
  await cutUpload(f, often)
  await cutUpload(f, old)
  f.time += HOUR
  await cutUpload(f, often)
  f.time += 25 * HOUR
  await assert.rejects(retry(f, often), expired('too-often'))
  f.time += 46 * HOUR - 1
  await cutUpload(f, old)
  f.time += 1
  await assert.rejects(retry(f, old), expired('too-old'))
})

test('switched off, an expired grant is refused whatever came before', async () => {
  await using f = await fixture({ maxRecoveries: 'off' })
  const grant = shortGrant(f)
  await cutUpload(f, grant)
  f.time += HOUR
  await assert.rejects(retry(f, grant), expired('switched-off'))
})

test('a slot that is forgotten at its greatest age is opened anew by a grant without a time, and by no other', async () => {
  await using f = await fixture()
  const timeless = grantFor('timeless', 6, { scheme: 'v1' })
  const timed = shortGrant(f, 'timed')
  await cutUpload(f, timeless)
  await cutUpload(f, timed)
  f.time += 72 * HOUR
  await assert.rejects(retry(f, timeless), expired('too-old'))
  await f.engine.sweep(AbortSignal.timeout(1_000))
  await assert.rejects(retry(f, timed), expired('never-used'))
  assert.equal(await retry(f, timeless), 'published')
})

test('where no recovery is allowed, the first one is one too many', async () => {
  await using f = await fixture({ maxRecoveries: 0 })
  const grant = shortGrant(f)
  await cutUpload(f, grant)
  f.time += HOUR
  await assert.rejects(retry(f, grant), expired('too-often'))
})

test('a finished slot is no business of recovery: a repeat of it is confirmed with an expired grant', async () => {
  await using f = await fixture()
  const grant = shortGrant(f)
  assert.equal(await retry(f, grant), 'published')
  f.time += HOUR
  assert.equal(await retry(f, grant), 'published')
  assert.deepEqual(f.events, ['opened', 'published', 'repeated same'])
})

test('a slot that is used in this process counts as opened before any store knows of it', async () => {
  await using f = await fixture()
  const grant = shortGrant(f)
  const first = sentBody()
  const put = f.engine.put({ grant, client: WIFI, body: first })
  await first.send('abc')
  f.time += 10 * MINUTE
  assert.equal(await retry(f, grant), 'published')
  assert.equal((await put).kind, 'cut')
  assert.ok(f.events.includes('recovered 1'))
})

test('what limits recoveries is kept with the slot: a restart, and the loss of every session, change nothing', async () => {
  await using f = await fixture({ maxRecoveries: 1 })
  const grant = shortGrant(f)
  await cutUpload(f, grant)
  f.time += HOUR
  await cutUpload(f, grant)
  f.time += 25 * HOUR
  const restarted = f.another()
  const body = wholeBody('abcdef')
  await assert.rejects(restarted.put({ grant, client: WIFI, body }), expired('too-often'))
})

/** Recoveries of one slot. */
const MOST = 3

const POLICY: EnginePolicy = {
  fsync: 'ack',
  maxFileSize: 1_000,
  minFree: 0,
  resumeTimeout: 10 * MINUTE,
  chunkSize: 1_000,
  maxSessionAge: 72 * HOUR,
  maxRecoveries: MOST,
  fileMaxAge: 0,
  openUploadsPerOwner: 1,
  reservedBytesPerOwner: 1,
  timelessGrants: true,
}

test('whenever requests come, no slot is recovered more often than allowed, nor used after its greatest age', () => {
  const waits = fc.array(fc.integer({ min: 0, max: 30 * HOUR }), { maxLength: 40 })
  const expiry = fc.option(fc.integer({ min: 0, max: HOUR }), { nil: undefined })
  fc.assert(
    fc.property(waits, expiry, (list, expiresAt) => {
      const time = expiresAt === undefined ? {} : { expiresAt }
      const grant = grantFor('a', 1, { scheme: expiresAt === undefined ? 'v1' : 'v3', ...time })
      const facts = { id: 'slot', owner: 'user:romeo', network: '192.0.2.0/24' }
      let record = opened(grant, facts, { now: 0, policy: POLICY })
      let now = 0
      for (const wait of list) {
        now += wait
        const context = { now, policy: POLICY }
        const { kind } = standingOf(record, grant, context)
        if (kind === 'expired') continue
        assert.ok(now < 72 * HOUR)
        if (kind === 'recoverable') record = reopened(record, context)
        assert.ok((record.recoveries ?? 0) <= MOST)
        assert.equal(standingOf(record, grant, context).kind, 'valid')
      }
    }),
  )
})

test('a repeat does not confirm a file that has expired, though retention has not removed it yet', async () => {
  await using f = await fixture({ fileMaxAge: HOUR })
  const grant = shortGrant(f)
  assert.equal(await retry(f, grant), 'published')
  f.time += HOUR
  await assert.rejects(retry(f, grant), { code: 'slot-spent' })
})
