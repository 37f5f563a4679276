import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { filesBelow, startSite } from './site.ts'
import { append, created, creation, digest, head, located, offsetOf } from './rufh-client.ts'
import { get, signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { ask, having } from './wire-client.ts'

const PATH = 'a/b.jpg'

test('a body that is not its Content-Digest is refused, and the offset stays', async () => {
  await using site = await startSite(['network_resilience.chunk_size=64KB'])
  const put = signedPut(PATH, randomBytes(1_000_000))
  const target = await created(site, put)
  const all = append(target, 8, { offset: 0, bytes: put.body, isComplete: true })
  for (const algorithm of ['sha-256', 'sha-512'] as const) {
    const wrong = { 'Content-Digest': digest(Buffer.from('other bytes'), algorithm) }
    const refused = await ask(site.port, having(all, wrong))
    assert.deepEqual([refused.status, refused.code], [400, 'digest-mismatch'])
    assert.equal(await offsetOf(site, target), 0)
  }
  const right = { 'Content-Digest': `unknown=:AAAA:, ${digest(put.body)}` }
  assert.equal((await ask(site.port, having(all, right))).status, 201)
  assert.ok((await contentOf(site, PATH)).equals(put.body))
})

test('a file that is not its Repr-Digest is never published, and its upload is over', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  const put = signedPut(PATH, 'hello')
  const wrong = { 'Repr-Digest': digest(Buffer.from('other bytes')) }
  const careful = creation(put, 8, { bytes: Buffer.alloc(0), isComplete: false })
  const target = located(await ask(site.port, having(careful, wrong)))
  const piece = { offset: 0, bytes: put.body.subarray(0, 2), isComplete: false }
  await ask(site.port, append(target, 8, piece))
  const rest = { offset: 2, bytes: put.body.subarray(2), isComplete: true }
  const refused = await ask(site.port, append(target, 8, rest))
  assert.deepEqual([refused.status, refused.code], [400, 'digest-mismatch'])
  assert.equal(refused.headers['upload-complete'], '?1')
  assert.equal((await ask(site.port, head(target, 8))).status, 410)
  assert.notEqual((await ask(site.port, get(PATH))).status, 200)
  assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
  assert.equal((await ask(site.port, put)).status, 201, 'the slot can be used again')
})

test('a whole body that is not its Repr-Digest is refused at once', async () => {
  await using site = await startSite()
  const put = creation(signedPut(PATH, 'hello'), 6)
  const wrong = { 'Repr-Digest': digest(Buffer.from('other bytes')) }
  const refused = await ask(site.port, having(put, wrong))
  assert.deepEqual([refused.status, refused.code], [400, 'digest-mismatch'])
  assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
})

test('a Repr-Digest of a file that came in pieces is checked over all of them, restarts included', async () => {
  await using before = await startSite()
  const put = signedPut(PATH, randomBytes(300_000))
  const right = { 'Repr-Digest': `${digest(put.body)}, ${digest(put.body, 'sha-512')}` }
  const first = creation(put, 8, { bytes: put.body.subarray(0, 123_456), isComplete: false })
  const target = located(await ask(before.port, having(first, right)))
  await before.server[Symbol.asyncDispose]()
  await using site = await startSite([], { folder: before.folder })
  const bytes = put.body.subarray(123_456)
  const rest = append(target, 8, { offset: 123_456, bytes, isComplete: true })
  const wish = { 'Want-Repr-Digest': 'sha-256=3, sha-512=9' }
  const reply = await ask(site.port, having(rest, wish))
  assert.equal(reply.status, 201)
  assert.equal(reply.headers['repr-digest'], digest(put.body, 'sha-512'))
  assert.ok((await contentOf(site, PATH)).equals(put.body))
})

test('a digest that is wanted is told with the final answer, and again with its replay', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, 'hello')
  const target = await created(site, put)
  const all = append(target, 8, { offset: 0, bytes: put.body, isComplete: true })
  const wish = { 'Want-Repr-Digest': 'md5=10, sha-256=1' }
  const reply = await ask(site.port, having(all, wish))
  assert.equal(reply.headers['repr-digest'], digest(put.body))
  const nothing = append(target, 8, { offset: 5, bytes: Buffer.alloc(0), isComplete: true })
  const again = await ask(site.port, having(nothing, wish))
  assert.equal(again.headers['repr-digest'], digest(put.body))
  const silent = await ask(site.port, having(nothing, { 'Want-Repr-Digest': 'sha-256=0' }))
  assert.deepEqual([silent.status, silent.headers['repr-digest']], [201, undefined])
})
