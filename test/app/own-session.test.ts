import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { append, head } from './rufh-client.ts'
import {
  BODY,
  MINUTE,
  PATH,
  WIFI,
  goOn,
  last,
  opened,
  opening,
  stopClock,
} from './bound-uploads.ts'
import { PUBLIC_URL, askProved, challengeIn, challenged, proved } from './session-client.ts'
import { type Line, parsed, startSite, storedBytes } from './site.ts'
import { signedPut } from './slots.ts'
import { contentOf, halfSent } from './visits.ts'
import { type Reply, ask } from './wire-client.ts'

const OWN = { method: 'GET', target: '/-/session' }
const REFRESH = { method: 'POST', target: '/-/session/refresh', body: '' }

function jsonOf({ body }: Reply): Line {
  return parsed(body.toString())
}

/** The first grant of an answer to a refresh. */
function tokenIn(reply: Reply): string {
  const { grants } = jsonOf(reply)
  assert.ok(Array.isArray(grants))
  return String(parsed(JSON.stringify(grants[0]))['token'])
}

function withToken(token: string): ReturnType<typeof signedPut> {
  return { target: `/${PATH}`, headers: { Authorization: `Bearer ${token}` }, body: BODY }
}

test('a client sees its own session, with its uploads and how far they are, and no secret', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const part = append(target, 8, { offset: 0, bytes: BODY.subarray(0, 4), isComplete: false })
  const first = await askProved(site, part, session)
  const { reply } = await askProved(site, OWN, first.session)
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['cache-control'], 'no-store')
  assert.partialDeepStrictEqual(jsonOf(reply), {
    level: 1,
    key: 'hmac',
    refreshesLeft: 10,
    networks: [{ network: '127.0.0.0/24' }],
    uploads: [{ path: PATH, size: BODY.length, offset: 4, protocol: 'rufh' }],
  })
  for (const secret of [session.id, session.key, target]) {
    assert.ok(!reply.body.toString().includes(secret))
  }
})

test('without proof nobody sees, refreshes or ends a session', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { session, target } = await opened(site)
  for (const request of [OWN, REFRESH, { ...OWN, method: 'DELETE' }]) {
    for (const headers of [{}, { 'X-Session-ID': session.id }]) {
      const reply = await ask(site.port, { ...request, headers })
      assert.equal(reply.status, 401)
      challengeIn(reply)
    }
  }
  assert.equal((await askProved(site, last(target), session)).reply.status, 201)
})

test('a session that its client ends takes its unfinished upload along', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { session, target } = await opened(site)
  const ended = await askProved(site, { ...OWN, method: 'DELETE' }, session)
  assert.equal(ended.reply.status, 204)
  const gone = await ask(site.port, proved(OWN, ended.session))
  assert.equal(gone.status, 401)
  const left = await ask(site.port, proved(head(target, 8), ended.session))
  assert.ok([401, 410].includes(left.status), String(left.status))
})

test('a session that its client ends takes along what was sent without an upload resource, cut or under way', async () => {
  await using site = await startSite([PUBLIC_URL])
  const romeo = { scheme: 'jwt', user: 'romeo@montague.example' } as const
  const first = await opened(site, opening(undefined, signedPut(PATH, BODY, romeo)))
  const pieces = signedPut('c/pieces.txt', BODY, romeo)
  const piece = {
    ...pieces,
    body: BODY.subarray(0, 4),
    headers: { ...pieces.headers, 'Content-Length': '4', 'Content-Range': 'bytes 0-3/10' },
  }
  const { reply, session } = await askProved(site, piece, first.session)
  assert.equal(reply.status, 308)
  assert.equal(await storedBytes(site), 4)
  const whole = signedPut(PATH, BODY, romeo)
  using wire = await halfSent(site, proved(whole, session), WIFI)
  const fresh = await challenged(site, session)
  const ended = await askProved(site, { ...OWN, method: 'DELETE' }, fresh)
  assert.equal(ended.reply.status, 204)
  await wire.ended
  assert.equal(await storedBytes(site), 0)
})

test('a fresh grant uploads what the expired one may not any more, and only with proof', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const expiresAt = systemClock() + 5 * MINUTE
  const put = signedPut(PATH, BODY, { scheme: 'jwt', expiresAt })
  const { session } = await opened(site, opening(undefined, put))
  const refreshed = await askProved(site, REFRESH, session)
  assert.equal(refreshed.reply.status, 200)
  assert.equal(jsonOf(refreshed.reply)['refreshesLeft'], 9)
  goOn(t, 10 * MINUTE)
  const fresh = withToken(tokenIn(refreshed.reply))
  const bare = await ask(site.port, fresh)
  assert.deepEqual([bare.status, bare.code], [401, 'proof-required'])
  const { reply } = await askProved(site, fresh, refreshed.session)
  assert.equal(reply.status, 201)
  assert.deepEqual(await contentOf(site, PATH), BODY)
})

test('a fresh grant ends the one before when it is used, and not before', async () => {
  await using site = await startSite([PUBLIC_URL, 'server.shutdown_grace=0'])
  const { session } = await opened(site)
  const one = await askProved(site, REFRESH, session)
  const two = await askProved(site, REFRESH, one.session)
  const [older, newer] = [one, two].map(({ reply }) => withToken(tokenIn(reply)))
  assert.ok(older && newer)
  const empty = {
    'Upload-Complete': '?0',
    'Upload-Length': '10',
    'Upload-Draft-Interop-Version': '8',
  }
  const careful = (put: typeof older): typeof older => ({
    ...put,
    body: Buffer.alloc(0),
    headers: { ...put.headers, ...empty },
  })
  const early = await askProved(site, careful(older), two.session)
  assert.equal(early.reply.status, 201)
  const used = await askProved(site, careful(newer), early.session)
  assert.equal(used.reply.status, 201)
  const late = await askProved(site, careful(older), used.session)
  assert.deepEqual([late.reply.status, late.reply.code], [403, 'grant-expired'])
})

test('a fresh grant that is refused at level 3 is not used by that, and lifts nothing', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const romeo = { scheme: 'jwt', user: 'romeo@montague.example' } as const
  const { session } = await opened(site, opening(undefined, signedPut(PATH, BODY, romeo)))
  const one = await askProved(site, REFRESH, session)
  const two = await askProved(site, REFRESH, one.session)
  const [older, newer] = [one, two].map(({ reply }) => withToken(tokenIn(reply)))
  assert.ok(older && newer)
  goOn(t, 125 * MINUTE)
  const refused = await askProved(site, newer, await challenged(site, session))
  assert.deepEqual([refused.reply.status, refused.reply.code], [401, 'reauthentication-required'])
  const lifting = signedPut('c/new.txt', BODY, romeo)
  const lifted = await askProved(site, lifting, await challenged(site, session))
  assert.equal(lifted.reply.status, 201)
  assert.equal((await askProved(site, older, lifted.session)).reply.status, 201)
})

test('a session gets so many fresh grants and no more', async () => {
  await using site = await startSite([PUBLIC_URL, 'network_resilience.max_token_refreshes=1'])
  const { session } = await opened(site)
  const first = await askProved(site, REFRESH, session)
  assert.equal(first.reply.status, 200)
  const { reply } = await askProved(site, REFRESH, first.session)
  assert.deepEqual([reply.status, reply.code], [403, 'refreshes-exhausted'])
})

test('at level 3 a session is shown as it is, and gets no fresh grant', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { session } = await opened(site)
  goOn(t, 121 * MINUTE)
  const own = await askProved(site, OWN, await challenged(site, session))
  assert.equal(jsonOf(own.reply)['level'], 3)
  const { reply } = await askProved(site, REFRESH, own.session)
  assert.deepEqual([reply.status, reply.code], [401, 'reauthentication-required'])
})

test('a fresh grant of one session is worth nothing in another', async () => {
  await using site = await startSite([PUBLIC_URL])
  const { session } = await opened(site)
  const { reply } = await askProved(site, REFRESH, session)
  const other = await opened(site, opening(undefined, signedPut('c/d.txt', BODY)))
  const stolen = await askProved(site, { ...withToken(tokenIn(reply)), from: WIFI }, other.session)
  assert.deepEqual([stolen.reply.status, stolen.reply.code], [403, 'session-foreign'])
})
