import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
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
import { created, creation, head, offsetOf } from './rufh-client.ts'
import {
  PUBLIC_URL,
  askProved,
  challengeIn,
  freshChallenge,
  freshNonce,
  proved,
} from './session-client.ts'
import { startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { ask } from './wire-client.ts'

test('a session is told once, with a key of 32 bytes, and never to be kept by a cache', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { reply, target, session } = await opened(site)
  assert.match(session.id, /^[\w-]{43}$/u)
  assert.equal(Buffer.from(session.key, 'base64url').length, 32)
  assert.equal(reply.headers['cache-control'], 'no-store')
  assert.equal(reply.headers['x-security-level'], '1')
  const end = Date.parse(reply.headers['x-session-expires'] ?? '')
  assert.ok(Math.abs(end - systemClock() - 72 * 60 * MINUTE) < MINUTE)
  const { reply: next } = await askProved(site, head(target, 8), session)
  assert.equal(next.status, 204)
  for (const name of ['x-session-id', 'x-session-key']) assert.equal(next.headers[name], undefined)
})

test('every request of a bound upload needs proof, and each success brings what the next one needs', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const first = await askProved(site, head(target, 8), session)
  assert.equal(first.reply.headers['upload-offset'], '0')
  const { reply } = await askProved(site, last(target), first.session)
  assert.equal(reply.status, 201)
  assert.deepEqual(await contentOf(site, PATH), BODY)
})

test('without proof the slot and its upload are 401 with a challenge, and nothing of them changes', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const put = signedPut(PATH, BODY)
  const attempts = [head(target, 8), last(target), { method: 'DELETE', target }, put]
  for (const attempt of [...attempts, creation(put, 8)]) {
    const reply = await ask(site.port, attempt)
    assert.equal(reply.status, 401, attempt.method ?? 'PUT')
    challengeIn(reply)
    assert.equal(reply.headers['x-security-level'], '2')
    assert.equal(reply.headers['x-auth-required'], 'challenge-response')
    assert.equal(reply.headers['x-session-id'], undefined)
  }
  assert.equal((await askProved(site, last(target), session)).reply.status, 201)
})

test('the challenge of a refusal opens the way that it refused, once', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const asked = { ...head(target, 8), headers: { 'X-Session-ID': session.id } }
  const challenge = challengeIn(await ask(site.port, asked))
  const answer = proved(head(target, 8), session, challenge)
  assert.equal((await ask(site.port, answer)).status, 204)
  assert.equal((await ask(site.port, answer)).status, 401, 'used before')
})

test('a wrong key, an unknown session and one that ended get the same answer', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const [wrong, unknown] = [
    { ...session, key: freshNonce() },
    { ...session, id: freshNonce() },
  ]
  const shapes = await Promise.all(
    [wrong, unknown].map(async (held) => {
      const { status, headers, body } = await ask(site.port, proved(last(target), held))
      const { 'www-authenticate': scheme, date: _date, ...others } = headers
      return { status, body: body.toString(), others, scheme: scheme?.replace(/="[^"]+"/u, '') }
    }),
  )
  assert.deepEqual(shapes[0], shapes[1])
  assert.equal(shapes[0]?.status, 401)
})

test('a proof is for one method, path, query and offset', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const { headers } = proved(last(target), session)
  for (const other of [
    { ...head(target, 8), headers },
    { ...last(target), target: `${target}?a=b`, headers },
    { ...last(target), headers: { ...headers, 'Upload-Offset': '1' } },
  ]) {
    assert.equal((await ask(site.port, other)).status, 401)
  }
})

test('whoever lost the answer to its creation repeats it with the nonce, and gets another key', async () => {
  await using site = await startSite([PUBLIC_URL])
  const nonce = freshNonce()
  const lost = await opened(site, opening(nonce))
  const again = await opened(site, opening(nonce))
  assert.notEqual(again.session.key, lost.session.key)
  assert.equal((await ask(site.port, proved(head(lost.target, 8), lost.session))).status, 401)
  const used = await askProved(site, head(again.target, 8), again.session)
  assert.equal(used.reply.status, 204)
  const late = await ask(site.port, opening(nonce))
  assert.deepEqual([late.status, late.code], [409, 'session-exists'])
  assert.equal((await askProved(site, last(again.target), used.session)).reply.status, 201)
})

test('another nonce, or none, does not open a second session on a slot', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const { headers, ...without } = opening()
  const bare = { ...without, headers: { ...headers, 'X-Session-Accept': 'hmac-sha256' } }
  for (const other of [opening(), bare]) {
    const reply = await ask(site.port, other)
    assert.deepEqual([reply.status, reply.code], [409, 'session-exists'])
    assert.equal(reply.headers['x-session-id'], undefined)
  }
  assert.equal((await askProved(site, last(target), session)).reply.status, 201)
})

test('a slot that was opened without a session stays without one', async () => {
  await using site = await startSite([PUBLIC_URL])
  const target = await created(site, signedPut(PATH, BODY))
  const reply = await ask(site.port, opening())
  assert.equal(reply.status, 201)
  assert.equal(reply.headers['x-session-id'], undefined)
  assert.equal(await offsetOf(site, target), 0)
})

test('a session survives a restart of the server', async () => {
  await using first = await startSite([PUBLIC_URL])
  const { target, session } = await opened(first)
  await first.server.shutdown()
  await using site = await startSite([PUBLIC_URL], { folder: first.folder })
  assert.equal((await askProved(site, last(target), session)).reply.status, 201)
})

test('a bound client changes networks at level 2 without another round trip, and is at home in both from then on', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const moved = await askProved(site, { ...head(target, 8), from: MOBILE }, session)
  assert.deepEqual([moved.reply.status, moved.reply.headers['x-security-level']], [204, '2'])
  const back = await askProved(site, { ...head(target, 8), from: WIFI }, moved.session)
  assert.deepEqual([back.reply.status, back.reply.headers['x-security-level']], [204, '1'])
})

test('after two hours of silence proof alone is not enough: only a new slot helps', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  goOn(t, 121 * MINUTE)
  const challenge = await freshChallenge(site, session)
  const { status, headers } = await ask(site.port, proved(head(target, 8), session, challenge))
  assert.deepEqual(
    [status, headers['x-security-level'], headers['x-auth-required'], headers['www-authenticate']],
    [401, '3', 'full-authentication', 'HMAC realm="upload"'],
  )
})

test('a bound slot whose session is gone is nobody’s any more, with its file or without; the file stays', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL, 'session_store.max_session_age=1h'])
  const expiresAt = systemClock() + 600 * MINUTE
  const [done, left] = ['c/done.txt', 'c/left.txt'].map((path) =>
    signedPut(path, BODY, { scheme: 'jwt', expiresAt }),
  )
  assert.ok(done && left)
  const published = await opened(site, opening(undefined, done))
  assert.equal((await askProved(site, last(published.target), published.session)).reply.status, 201)
  const unfinished = await opened(site, opening(undefined, left))
  goOn(t, 61 * MINUTE)
  for (const { put, target, session } of [
    { ...published, put: done },
    { ...unfinished, put: left },
  ]) {
    for (const request of [put, proved(put, session), head(target, 8), last(target)]) {
      const { status, headers } = await ask(site.port, request)
      assert.deepEqual([status, headers['x-security-level']], [401, '3'])
    }
  }
  assert.deepEqual(await contentOf(site, 'c/done.txt'), BODY)
})

test('a session in the query is refused wherever it stands', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const put = signedPut('c/d.txt', BODY)
  for (const request of [
    head(`${target}?session_id=${session.id}`, 8),
    { ...put, target: `${put.target}&session_id=${session.id}` },
  ]) {
    assert.equal((await ask(site.port, request)).status, 400)
  }
})
