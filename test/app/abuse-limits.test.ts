import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, MOBILE, goOn, last, opened, opening, stopClock } from './bound-uploads.ts'
import { append, created, creation, head } from './rufh-client.ts'
import { PUBLIC_URL, askProved, freshChallenge, freshNonce, proved } from './session-client.ts'
import { startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { type RawRequest, ask } from './wire-client.ts'

const ROMEO = { scheme: 'jwt', user: 'romeo@montague.example' } as const

function wrong(path: string): SignedPut {
  return signedPut(path, 'hello', { secret: 'not the key of this server' })
}

function put(n: number, user: string): SignedPut {
  const jid = `${user}@montague.example`
  return signedPut(`${user}/${n}.txt`, 'hello', { scheme: 'jwt', user: jid })
}

test('wrong credentials are told to wait when there are too many, and right ones never are', async () => {
  await using site = await startSite(['limits.failures_per_network=2'])
  for (const status of [403, 403, 429]) {
    const reply = await ask(site.port, wrong('a/b.txt'))
    assert.equal(reply.status, status)
    if (status === 429) assert.equal(reply.headers['retry-after'], '60')
  }
  assert.equal((await ask(site.port, signedPut('a/b.txt', 'hello'))).status, 201)
})

test('what an honest client meets, too, is no failure: no answer, a late one, one whose reply was lost', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL, 'limits.failures_per_network=1'])
  const { target, session } = await opened(site)
  const used = proved(head(target, 8), session, await freshChallenge(site, session))
  assert.equal((await ask(site.port, used)).status, 204)
  const late = proved(head(target, 8), session, await freshChallenge(site, session))
  const absent = head(target, 8, { 'X-Session-ID': session.id })
  for (const innocent of [used, used, absent, absent])
    assert.equal((await ask(site.port, innocent)).status, 401)
  goOn(t, 6 * MINUTE)
  for (const innocent of [late, late]) assert.equal((await ask(site.port, innocent)).status, 401)
  const guess = proved(head(target, 8), { ...session, key: freshNonce() })
  for (const status of [401, 503]) assert.equal((await ask(site.port, guess)).status, status)
})

test('a request by RUFH that failed too often is 503, because a native client ends at 429', async () => {
  await using site = await startSite(['limits.failures_per_network=1'])
  await ask(site.port, wrong('a/b.txt'))
  const reply = await ask(site.port, creation(wrong('a/b.txt'), 8))
  assert.deepEqual([reply.status, reply.code], [503, 'too-many-failures'])
})

test('a user begins so many uploads and no more, others go on', async () => {
  await using site = await startSite(['limits.uploads_per_user=2'])
  for (const [n, status] of [201, 201, 429].entries()) {
    assert.equal((await ask(site.port, put(n, 'romeo'))).status, status)
  }
  assert.equal((await ask(site.port, put(1, 'mercutio'))).status, 201)
})

for (const [what, flags] of [
  ['with sessions', []],
  ['without sessions', ['session_store.enabled=false']],
] as const) {
  test(`${what}, trying again begins no upload beyond the limit of its user`, async () => {
    await using site = await startSite(['limits.uploads_per_user=1', ...flags])
    const statuses: number[] = []
    for (const n of [0, 1, 1, 2, 2]) statuses.push((await ask(site.port, put(n, 'romeo'))).status)
    assert.deepEqual(statuses, [201, 429, 429, 429, 429])
  })
}

test('a slot counts once, however often it is asked for, and what is refused does not count', async () => {
  await using site = await startSite(['limits.uploads_per_user=2', 'storage.max_file_size=10'])
  const large = signedPut('romeo/large.txt', 'too large a file', ROMEO)
  const statuses: number[] = []
  for (const request of [large, large, put(0, 'romeo'), put(0, 'romeo'), put(0, 'romeo')])
    statuses.push((await ask(site.port, request)).status)
  assert.deepEqual(statuses, [413, 413, 201, 201, 201])
  assert.equal((await ask(site.port, put(1, 'romeo'))).status, 201)
})

test('every protocol counts what it begins', async () => {
  await using site = await startSite(['limits.uploads_per_user=1', PUBLIC_URL])
  const { session } = await opened(site, opening(undefined, put(0, 'romeo')))
  const piece = { ...put(1, 'romeo').headers, 'Content-Range': 'bytes 0-4/5' }
  assert.equal((await ask(site.port, { ...put(1, 'romeo'), headers: piece })).status, 429)
  // Clients of this protocol take no 4xx for temporary.
  assert.equal((await ask(site.port, creation(put(1, 'romeo'), 8))).status, 503)
  assert.equal((await ask(site.port, opening(undefined, put(1, 'romeo')))).status, 503)
  assert.equal((await askProved(site, put(1, 'romeo'), session)).reply.status, 429)
})

test('who is banned uploads nothing', async () => {
  const jid = 'romeo@montague.example'
  await using site = await startSite([
    `limits.banned_users=${jid}`,
    'limits.banned_networks=127.0.1.0/24',
  ])
  const banned = signedPut('a/b.txt', 'hello', { scheme: 'jwt', user: jid })
  const foreign = signedPut('a/c.txt', 'hello')
  const replies = [
    await ask(site.port, banned),
    await ask(site.port, { ...foreign, from: '127.0.1.2' }),
  ]
  for (const reply of replies) assert.deepEqual([reply.status, reply.code], [403, 'banned'])
  assert.equal((await ask(site.port, foreign)).status, 201)
})

function whole(target: string): RawRequest {
  return append(target, 8, { offset: 0, bytes: Buffer.from('hello'), isComplete: true })
}

test('who is banned later goes on with nothing that was begun before', async () => {
  await using first = await startSite([PUBLIC_URL])
  const { session, target } = await opened(first, opening(undefined, put(0, 'romeo')))
  const unbound = await created(first, put(1, 'romeo'))
  const others = await created(first, put(2, 'mercutio'))
  await first.server.shutdown()
  const flags = [
    'limits.banned_users=romeo@montague.example',
    'limits.banned_networks=127.0.1.0/24',
  ]
  await using site = await startSite([PUBLIC_URL, ...flags], { folder: first.folder })
  for (const request of [
    proved({ method: 'POST', target: '/-/session/refresh', body: '' }, session),
    proved(last(target), session, await freshChallenge(site, session)),
    whole(unbound),
    { ...whole(others), from: MOBILE },
    { ...whole(`/-/uploads/${'A'.repeat(43)}`), from: MOBILE },
  ]) {
    const reply = await ask(site.port, request)
    assert.deepEqual([reply.status, reply.code], [403, 'banned'])
  }
  assert.equal((await ask(site.port, head(others, 8))).status, 204)
})
