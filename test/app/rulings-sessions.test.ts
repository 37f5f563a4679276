/** What a session with a key is worth: rulings 7, 9, 10 and 11 of docs/rulings.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { slotOf } from './attacked-upload.ts'
import {
  BODY,
  MINUTE,
  MOBILE,
  WIFI,
  goOn,
  last,
  opened,
  opening,
  stopClock,
} from './bound-uploads.ts'
import { openedByDpop } from './dpop-client.ts'
import { append, created, creation, head, located } from './rufh-client.ts'
import {
  PUBLIC_URL,
  askProved,
  challengeIn,
  freshChallenge,
  freshNonce,
  proved,
} from './session-client.ts'
import { parsed, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { ask, having } from './wire-client.ts'

const REFRESH = { method: 'POST', target: '/-/session/refresh', body: '' }

test('ruling 7: whoever opens a slot binds it, an answer that got lost is asked for again with its nonce, and nobody else binds it', async () => {
  await using site = await startSite([PUBLIC_URL])
  const nonce = freshNonce()
  const lost = await opened(site, opening(nonce))
  const other = await ask(site.port, opening())
  assert.deepEqual([other.status, other.code], [409, 'session-exists'])
  const again = await opened(site, opening(nonce))
  assert.notEqual(again.session.id, lost.session.id)
  assert.equal((await ask(site.port, proved(last(again.target), lost.session))).status, 401)
  const first = await askProved(site, head(again.target, 8), again.session)
  assert.equal(first.reply.status, 204)
  const late = await ask(site.port, opening(nonce))
  assert.deepEqual([late.status, late.code], [409, 'session-exists'])
  assert.equal((await askProved(site, last(again.target), first.session)).reply.status, 201)

  const once = having(opening(undefined, signedPut('once', BODY)), {
    'X-Session-Accept': 'hmac-sha256',
  })
  await opened(site, once)
  assert.equal((await ask(site.port, once)).code, 'session-exists')

  const unbound = signedPut('unbound', BODY)
  await created(site, unbound)
  const ignored = await ask(site.port, opening(undefined, unbound))
  assert.deepEqual([ignored.status, ignored.headers['x-session-id']], [201, undefined])
  assert.equal((await ask(site.port, unbound)).status, 201)

  const byKey = opening(undefined, slotOf(undefined, 'by/key'))
  const mine = await openedByDpop(site, byKey)
  const repeated = await openedByDpop(site, byKey, mine.session.key)
  assert.equal(repeated.reply.status, 201)
})

test('ruling 9: a challenge survives the change of network, is used once, and tells nothing of whether there is such a session', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const kept = await freshChallenge(site, session, WIFI)
  const moved = { ...head(target, 8), from: MOBILE }
  const first = await askProved(site, moved, { ...session, next: kept })
  assert.equal(first.reply.status, 204)
  assert.equal((await ask(site.port, proved(moved, session, kept))).status, 401)
  goOn(t, 29 * MINUTE)
  const next = await askProved(site, moved, first.session)
  assert.equal(next.reply.status, 204)

  const ended = await askProved(site, { method: 'DELETE', target: '/-/session' }, next.session)
  assert.equal(ended.reply.status, 204)
  const alive = await opened(site, opening(undefined, signedPut('c/d', BODY)))
  const unknown = { ...alive.session, id: freshNonce() }
  const wrong = { ...alive.session, key: freshNonce() }
  const answers = [unknown, wrong, { ...session, next: alive.session.next }].map(async (held) => {
    const { status, headers, body } = await ask(site.port, proved(head(alive.target, 8), held))
    assert.equal(challengeIn({ headers }).length, 50)
    const { date, 'www-authenticate': shown, ...rest } = headers
    assert.ok(date && !shown?.includes(held.id))
    return { status, rest, body: body.toString() }
  })
  const [one, ...others] = await Promise.all(answers)
  for (const answer of others) assert.deepEqual(answer, one)

  const odd = await opened(site, opening(undefined, signedPut('e/f (1) ü.txt', BODY)))
  const put = signedPut('e/f (1) ü.txt', BODY)
  const [, query = ''] = put.target.split('?')
  const written = { ...put, target: `/e/%66%20(1)%20%c3%bc.txt?${query}` }
  const signed = { ...put, target: `/e/f%20%281%29%20%C3%BC.txt?${query}` }
  const { headers } = proved(signed, odd.session)
  assert.equal((await ask(site.port, having(written, headers))).status, 201)
})

test('ruling 10: a fresh grant is worth something with its session’s proof only, and the one before holds until it is used', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const expiresAt = systemClock() + MINUTE
  const put = signedPut('a/b.txt', BODY, { scheme: 'jwt', expiresAt })
  const { session } = await opened(site, opening(undefined, put))
  const one = await askProved(site, REFRESH, session)
  const next = await askProved(site, REFRESH, one.session)
  goOn(t, 5 * MINUTE)
  const [older, newer] = [one, next].map(({ reply }) => {
    const text = JSON.stringify(parsed(reply.body.toString())['grants'])
    const [, token = ''] = /"token":"([^"]+)"/u.exec(text) ?? []
    return { target: '/a/b.txt', headers: { Authorization: `Bearer ${token}` }, body: BODY }
  })
  assert.ok(older && newer)
  const header = newer.headers.Authorization.split('.', 1)[0]?.replace('Bearer ', '') ?? ''
  assert.equal(parsed(Buffer.from(header, 'base64url').toString())['typ'], 'hfs-refresh+jwt')
  const bare = await ask(site.port, newer)
  assert.deepEqual([bare.status, bare.code], [401, 'proof-required'])
  const empty = (request: typeof newer): SignedPut =>
    creation(request, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const early = await askProved(site, empty(older), next.session)
  assert.equal(early.reply.status, 201)
  const used = await askProved(site, newer, early.session)
  assert.equal(used.reply.status, 201)
  const late = await askProved(site, empty(older), used.session)
  assert.deepEqual([late.reply.status, late.reply.code], [403, 'grant-expired'])
})

test('ruling 11: a new slot of the same user goes on with an upload, whose old slot is spent', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const expiresAt = systemClock() + 600 * MINUTE
  const old = signedPut('a/b.txt', BODY, { scheme: 'jwt', expiresAt })
  const { target, session } = await opened(site, opening(undefined, old))
  const bytes = BODY.subarray(0, 6)
  const part = append(target, 8, { offset: 0, bytes, isComplete: false })
  const stored = await askProved(site, part, session)
  goOn(t, 3 * 60 * MINUTE)
  const put = signedPut('c/d.txt', BODY, { scheme: 'jwt', expiresAt })
  const empty = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const adopting = having(empty, { 'X-Adopt-Upload': target.slice('/-/uploads/'.length) })
  const { target: bare } = signedPut('c/d.txt', BODY)
  const { Authorization: _named, ...fields } = adopting.headers
  const anonymous = { ...adopting, target: bare, headers: fields }
  for (const refused of [head(target, 8), old, anonymous]) {
    const held = { ...stored.session, next: await freshChallenge(site, session) }
    const { reply } = await askProved(site, refused, held)
    assert.ok([401, 403].includes(reply.status), String(reply.status))
    if (reply.status === 401) assert.equal(reply.headers['x-security-level'], '3')
  }
  const held = { ...stored.session, next: await freshChallenge(site, session) }
  const adopted = await askProved(site, adopting, held)
  assert.deepEqual([adopted.reply.status, adopted.reply.headers['upload-offset']], [201, '6'])
  const heir = located(adopted.reply)
  const gone = await askProved(site, head(target, 8), adopted.session)
  assert.equal(gone.reply.status, 410)
  const again = { ...held, next: await freshChallenge(site, session) }
  const spent = await askProved(site, old, again)
  assert.deepEqual([spent.reply.status, spent.reply.code], [409, 'slot-spent'])
  const end = { ...held, next: await freshChallenge(site, session) }
  assert.equal((await askProved(site, last(heir, 6), end)).reply.status, 201)
  assert.deepEqual(await contentOf(site, 'c/d.txt'), BODY)
  assert.equal((await ask(site.port, { method: 'GET', target: '/a/b.txt' })).status, 404)
})
