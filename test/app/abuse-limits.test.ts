import assert from 'node:assert/strict'
import { test } from 'node:test'
import { creation } from './rufh-client.ts'
import { startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { ask } from './wire-client.ts'

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
