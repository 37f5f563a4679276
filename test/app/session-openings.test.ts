import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { isJsonObject } from '../../src/core/json-object.ts'
import {
  BODY,
  MINUTE,
  MOBILE,
  PATH,
  WIFI,
  goOn,
  last,
  opened,
  opening,
  stopClock,
} from './bound-uploads.ts'
import { dpopProved, nonceIn, openedByDpop } from './dpop-client.ts'
import { append, created, creation, head, located } from './rufh-client.ts'
import { PUBLIC_URL, accepting, askProved, freshNonce, toldSession } from './session-client.ts'
import { type Site, auditOf, startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

/** What a refusal at level 3 looks like. */
const REFUSED = [401, '3', undefined]

function shapeOf({ status, headers }: Reply): unknown[] {
  return [status, headers['x-security-level'], headers['x-session-id']]
}

/** How many sessions with a key are stored, and how many of them have no unfinished upload; ends the server. */
async function storedSessions({ server, folder }: Site): Promise<unknown> {
  await server.shutdown()
  using database = new DatabaseSync(join(folder, 'data/state.db'))
  const rows = database.prepare('SELECT record, idle FROM sessions').all()
  const bound = rows.filter(({ record }) => isBoundText(record))
  return { stored: bound.length, idle: bound.filter(({ idle }) => idle === 1).length }
}

function isBoundText(record: unknown): boolean {
  const session: unknown = JSON.parse(String(record))
  return isJsonObject(session) && session['bound'] !== undefined
}

test('whoever has the key of a session does not shed level 3 by leaving the id out of the creation', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const expiresAt = systemClock() + 600 * MINUTE
  const put = signedPut(PATH, BODY, { scheme: 'jwt', expiresAt })
  const careful = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const { reply, session } = await openedByDpop(site, careful)
  const target = located(reply)
  const part = append(target, 8, { offset: 0, bytes: BODY.subarray(0, 4), isComplete: false })
  const kept = await ask(site.port, dpopProved(part, session))
  goOn(t, 125 * MINUTE)
  const unnamed = { id: '', key: session.key, nonce: nonceIn(kept) }
  const { headers } = await ask(site.port, dpopProved(careful, unnamed))
  const again = { ...unnamed, nonce: headers['dpop-nonce'] ?? '' }
  assert.deepEqual(shapeOf(await ask(site.port, dpopProved(careful, again))), REFUSED)
  assert.deepEqual(await storedSessions(site), { stored: 1, idle: 0 })
  const decided = (await auditOf(site.folder)).filter(({ event }) => event === 'assessed')
  assert.deepEqual(decided.map(({ level, verdict }) => [level, verdict]).at(-1), [3, 'refused'])
})

test('nor does the nonce of an opening, hours later', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const request = opening(freshNonce(), signedPut(PATH, BODY, { scheme: 'v2' }))
  await opened(site, request)
  goOn(t, 125 * MINUTE)
  assert.deepEqual(shapeOf(await ask(site.port, request)), REFUSED)
})

test('a repetition from another network is told its level, and its session has been in both', async () => {
  await using site = await startSite([PUBLIC_URL])
  const request = opening()
  await opened(site, request)
  const { reply, target, session } = await opened(site, { ...request, from: MOBILE })
  assert.equal(reply.headers['x-security-level'], '2')
  const back = await askProved(site, { ...head(target, 8), from: WIFI }, session)
  assert.deepEqual([back.reply.status, back.reply.headers['x-security-level']], [204, '1'])
})

test('a creation that is refused tells no session, leaves none, and takes nothing from the one there is', async () => {
  await using site = await startSite([PUBLIC_URL])
  const request = opening(freshNonce(), signedPut(PATH, BODY, { scheme: 'v2' }))
  const { target, session } = await opened(site, request)
  const refused = having(request, { 'X-Adopt-Upload': 'A'.repeat(43) })
  for (const _attempt of [1, 2, 3]) {
    const { status, headers } = await ask(site.port, refused)
    assert.deepEqual(
      [status, headers['x-session-id'], headers['x-session-key']],
      [409, undefined, undefined],
    )
  }
  assert.equal((await askProved(site, head(target, 8), session)).reply.status, 204)
  assert.deepEqual(await storedSessions(site), { stored: 1, idle: 0 })
})

test('a repetition that could not be stored leaves the session that there is with its upload', async () => {
  await using site = await startSite([PUBLIC_URL])
  const request = opening()
  const { target, session } = await opened(site, request)
  {
    using database = new DatabaseSync(join(site.folder, 'data/state.db'))
    database.exec(
      "CREATE TRIGGER full BEFORE UPDATE ON slots BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    assert.deepEqual(shapeOf(await ask(site.port, request)), [503, undefined, undefined])
    database.exec('DROP TRIGGER full')
  }
  assert.equal((await askProved(site, last(target), session)).reply.status, 201)
  assert.deepEqual(await storedSessions(site), { stored: 1, idle: 1 })
})

test('a session that no slot took is not kept', async () => {
  await using site = await startSite([PUBLIC_URL])
  await created(site, signedPut(PATH, BODY))
  assert.equal((await ask(site.port, opening())).status, 201)
  assert.deepEqual(await storedSessions(site), { stored: 0, idle: 0 })
})

test('of the sessions of a creation that is repeated again and again only the latest holds the upload', async () => {
  await using site = await startSite([PUBLIC_URL])
  const request = opening()
  for (const _repetition of [1, 2, 3, 4]) await opened(site, request)
  assert.deepEqual(await storedSessions(site), { stored: 4, idle: 3 })
})

test('an upload that was published and whose answer got lost is told its session with the same nonce', async () => {
  await using site = await startSite([PUBLIC_URL])
  const put: RawRequest = having(signedPut(PATH, BODY), accepting())
  const lost = toldSession(await ask(site.port, put))
  const again = await ask(site.port, put)
  assert.equal(again.status, 201)
  const session = toldSession(again)
  assert.notEqual(session.id, lost.id)
  const { reply } = await askProved(site, signedPut(PATH, BODY), session)
  assert.equal(reply.status, 201)
  const late = await ask(site.port, put)
  assert.deepEqual([late.status, late.code], [409, 'session-exists'])
  assert.deepEqual(await contentOf(site, PATH), BODY)
  assert.deepEqual(await storedSessions(site), { stored: 2, idle: 2 })
})

test('and with the same key of its own', async () => {
  await using site = await startSite([PUBLIC_URL])
  const put = signedPut(PATH, BODY, { scheme: 'jwt' })
  const { session } = await openedByDpop(site, put)
  const again = await openedByDpop(site, put, session.key)
  assert.notEqual(again.session.id, session.id)
  assert.deepEqual(await storedSessions(site), { stored: 2, idle: 2 })
})

test('a repetition prolongs no session: it is told the end that is stored', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const request = opening()
  const first = await opened(site, request)
  goOn(t, 60 * MINUTE)
  const second = await opened(site, request)
  const end = first.reply.headers['x-session-expires']
  assert.ok(end !== undefined)
  assert.equal(second.reply.headers['x-session-expires'], end)
  assert.equal((await askProved(site, last(second.target), second.session)).reply.status, 201)
})
