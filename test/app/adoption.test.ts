import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { type Instant, systemClock } from '../../src/core/clock.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { sessionNameOf } from '../../src/sessions/bound-sessions.ts'
import { sqliteSessions } from '../../src/stores/sqlite/session-store.ts'
import { openState } from '../../src/stores/sqlite/state.ts'
import {
  BODY,
  MINUTE,
  MOBILE,
  type Opened,
  PATH,
  WIFI,
  goOn,
  last,
  opened,
  opening,
  stopClock,
} from './bound-uploads.ts'
import { append, creation, head, located } from './rufh-client.ts'
import { PUBLIC_URL, askProved, challenged, proved } from './session-client.ts'
import { type Site, auditOf, startSite, stored, temporaryFolder } from './site.ts'
import { type SignedPut, type Signing, signedPut } from './slots.ts'
import { CHUNK } from './tus-client.ts'
import { contentOf } from './visits.ts'
import { type Reply, ask, dial, headOf } from './wire-client.ts'

const ROMEO: Signing = { scheme: 'jwt', user: 'romeo@montague.example' }
const NEW_PATH = 'new/b.txt'

/** The creation in a new slot that goes on with an upload. */
function adopting(target: string, put = signedPut(NEW_PATH, BODY, ROMEO)): SignedPut {
  const empty = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const id = target.slice(target.lastIndexOf('/') + 1)
  return { ...empty, headers: { ...empty.headers, 'X-Adopt-Upload': id } }
}

/** An upload of Romeo's that stands at four bytes and was left alone for too long. */
async function slept(t: TestContext, site: Site): Promise<Opened> {
  const made = await opened(site, opening(undefined, signedPut(PATH, BODY, ROMEO)))
  const part = append(made.target, 8, { offset: 0, bytes: BODY.subarray(0, 4), isComplete: false })
  const { session } = await askProved(site, part, made.session)
  goOn(t, 125 * MINUTE)
  return { ...made, session: await challenged(site, session) }
}

function summary({ status, code }: Reply): readonly (string | number | undefined)[] {
  return [status, code]
}

test('a new slot and the proof of the session go on with an upload that slept for hours, not one byte sent again', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const refused = await askProved(site, head(target, 8), session)
  assert.equal(refused.reply.headers['x-security-level'], '3')
  const again = await challenged(site, session)
  const { reply, session: next } = await askProved(site, adopting(target), again)
  assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, '4'])
  assert.equal(reply.headers['x-security-level'], '1')
  const done = await askProved(site, last(located(reply), 4), next)
  assert.equal(done.reply.status, 201)
  assert.deepEqual(await contentOf(site, NEW_PATH), BODY)
  const old = await askProved(site, head(target, 8), done.session)
  assert.equal(old.reply.status, 410)
  await site.server.shutdown()
  const events = (await auditOf(site.folder)).map(({ event, verdict }) => verdict ?? event)
  assert.ok(events.includes('confirmed') && events.includes('adopted'))
})

test('once adopted, an upload is the session’s in its new slot alone', async (t) => {
  stopClock(t)
  await using home = await temporaryFolder()
  await using site = await startSite([PUBLIC_URL], { folder: home.path })
  const { target, session } = await slept(t, site)
  const { reply } = await askProved(site, adopting(target), session)
  assert.equal(reply.status, 201)
  await site.server.shutdown()
  using state = openState({ path: join(home.path, 'data', 'state.db'), durability: 'normal' })
  const known = await sqliteSessions(state).find(sessionNameOf(session.id))
  assert.deepEqual(known?.uploads, [fingerprintOf(parseSlotPath(NEW_PATH))])
})

test('without proof nothing is adopted, whatever the new slot', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const bare = await ask(site.port, adopting(target))
  assert.notEqual(bare.status, 201)
  const { reply } = await askProved(site, adopting(target), session)
  assert.equal(reply.status, 201)
})

test('the slot of another user neither adopts nor lifts level 3', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const juliet = signedPut(NEW_PATH, BODY, { scheme: 'jwt', user: 'juliet@capulet.example' })
  const foreign = await askProved(site, adopting(target, juliet), session)
  assert.deepEqual(summary(foreign.reply), [403, 'session-foreign'])
  const nameless = signedPut(NEW_PATH, BODY)
  const again = await challenged(site, session)
  const unnamed = await askProved(site, adopting(target, nameless), again)
  assert.deepEqual(summary(unnamed.reply), [403, 'session-foreign'])
})

test('another size is not adopted, and the upload stays as it was', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const longer = signedPut(NEW_PATH, Buffer.concat([BODY, BODY]), ROMEO)
  const { reply } = await askProved(site, adopting(target, longer), session)
  assert.deepEqual(summary(reply), [409, 'adoption-refused'])
  const again = await challenged(site, session)
  assert.equal((await askProved(site, adopting(target), again)).reply.status, 201)
})

test('an adoption that brings bytes is refused as such by every protocol, and changes nothing', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const put = signedPut(NEW_PATH, BODY, ROMEO)
  const adopts = { 'X-Adopt-Upload': target.slice(target.lastIndexOf('/') + 1) }
  const tus = { ...CHUNK, 'Upload-Length': String(BODY.length) }
  const early: readonly SignedPut[] = [
    creation(put, 8),
    creation(put, 8, { bytes: BODY.subarray(4), isComplete: false }),
    { ...put, method: 'POST', headers: { ...put.headers, ...tus } },
  ]
  let held = session
  for (const request of early) {
    const headers = { ...request.headers, ...adopts }
    const { reply } = await askProved(site, { ...request, headers }, held)
    assert.deepEqual(summary(reply), [400, 'bad-request'])
    held = await challenged(site, session)
  }
  const { reply } = await askProved(site, adopting(target), held)
  assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, '4'])
})

test('a store that fails on the way locks nobody out and loses no byte', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  using database = new DatabaseSync(join(site.folder, 'data', 'state.db'))
  for (const table of ['sessions', 'slots']) {
    database.exec(
      `CREATE TRIGGER broken BEFORE UPDATE ON ${table} BEGIN SELECT RAISE(ABORT, 'broken'); END`,
    )
    const held = await challenged(site, session)
    const failed = await askProved(site, adopting(target), held)
    assert.notEqual(failed.reply.status, 201, table)
    database.exec('DROP TRIGGER broken')
  }
  const held = await challenged(site, session)
  const { reply, session: next } = await askProved(site, adopting(target), held)
  assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, '4'])
  assert.equal((await askProved(site, last(located(reply), 4), next)).reply.status, 201)
})

test('who switches networks while the upload flows that lifts level 3 goes on with it', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { session } = await slept(t, site)
  const put = signedPut(NEW_PATH, randomBytes(1000), ROMEO)
  using wire = await dial(site.port, WIFI)
  wire.send(headOf(proved(creation(put, 8), session)))
  wire.send(put.body.subarray(0, 500))
  await stored(site, 504)
  const fresh = await challenged(site, session)
  const repeated = await askProved(site, { ...put, from: MOBILE }, fresh)
  assert.equal(repeated.reply.status, 201)
  assert.deepEqual(await contentOf(site, NEW_PATH), put.body)
})

test('a refused upload in the new slot lifts level 3 all the same, once', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const issuedAt = systemClock()
  const times = { issuedAt, expiresAt: issuedAt + 600 * MINUTE }
  const unknown = adopting('/-/uploads/x', signedPut(NEW_PATH, BODY, { ...ROMEO, ...times }))
  goOn(t, 2 * MINUTE)
  const refused = await askProved(site, unknown, session)
  assert.deepEqual(summary(refused.reply), [409, 'adoption-refused'])
  const found = await askProved(site, head(target, 8), refused.session)
  assert.equal(found.reply.headers['upload-offset'], '4')
  goOn(t, 125 * MINUTE)
  const again = await askProved(site, unknown, await challenged(site, session))
  assert.deepEqual(summary(again.reply), [401, 'reauthentication-required'])
})

for (const [what, signing] of [
  ['was given out before the silence', (now) => ({ issuedAt: now, expiresAt: now + 600 * MINUTE })],
  ['has expired, though nobody used it', (now) => ({ expiresAt: now + 120 * MINUTE })],
] satisfies [string, (now: Instant) => Signing][]) {
  test(`a slot that ${what} lifts nothing`, async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const early = signedPut(NEW_PATH, BODY, { ...ROMEO, ...signing(systemClock()) })
    goOn(t, 2 * MINUTE)
    const { target, session } = await slept(t, site)
    const { reply } = await askProved(site, adopting(target, early), session)
    assert.deepEqual(summary(reply), [401, 'reauthentication-required'])
    const still = await challenged(site, session)
    const asked = await askProved(site, head(target, 8), still)
    assert.equal(asked.reply.headers['x-security-level'], '3')
  })
}

test('a slot that was used before lifts nothing', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await slept(t, site)
  const old = signedPut(PATH, BODY, { ...ROMEO })
  const { reply } = await askProved(site, creation(old, 8), session)
  assert.deepEqual(summary(reply), [401, 'reauthentication-required'])
  const still = await challenged(site, session)
  assert.equal((await ask(site.port, proved(head(target, 8), still))).status, 401)
})

test('a second slot of the same user joins the session, and needs its proof from then on', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { session } = await opened(site, opening(undefined, signedPut(PATH, BODY, ROMEO)))
  const put = signedPut(NEW_PATH, BODY, ROMEO)
  const careful = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const { reply, session: next } = await askProved(site, careful, session)
  assert.equal(reply.status, 201)
  assert.equal(reply.headers['x-session-key'], undefined, 'the session has its key')
  assert.equal((await ask(site.port, last(located(reply)))).status, 401)
  assert.equal((await askProved(site, last(located(reply)), next)).reply.status, 201)
})
