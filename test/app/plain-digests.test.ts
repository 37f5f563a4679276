import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { digest } from './rufh-client.ts'
import { filesBelow, startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { contentOf } from './visits.ts'
import { ask, having } from './wire-client.ts'

const PATH = 'a/b.jpg'
const OTHER = Buffer.from('other bytes')

test('a whole PUT that is not what its digests say is refused, and the slot can be used again', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  const put = signedPut(PATH, randomBytes(300_000))
  for (const field of ['Content-Digest', 'Repr-Digest']) {
    for (const wrong of [digest(OTHER), `${digest(put.body)}, ${digest(OTHER, 'sha-512')}`]) {
      const refused = await ask(site.port, having(put, { [field]: wrong }))
      assert.deepEqual([refused.status, refused.code], [400, 'digest-mismatch'], field)
      assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
    }
  }
  assert.equal((await ask(site.port, put)).status, 201)
})

test('a whole PUT that is what its digests say is stored, and told the one that it wants', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, randomBytes(300_000))
  const right = {
    'Content-Digest': digest(put.body),
    'Repr-Digest': `md5=:AAAA:, ${digest(put.body, 'sha-512')}`,
    'Want-Repr-Digest': 'sha-512=1, sha-256=2',
  }
  const { status, headers } = await ask(site.port, having(put, right))
  assert.deepEqual([status, headers['repr-digest']], [201, digest(put.body)])
  assert.ok((await contentOf(site, PATH)).equals(put.body))
})

test('digests of a whole PUT that cannot be understood are ignored, and none is told unasked', async () => {
  await using site = await startSite()
  for (const [path, field] of Object.entries({ a: 'md5=:AAAA:', b: 'sha-256=x', c: '???' })) {
    const fields = { 'Content-Digest': field, 'Repr-Digest': field, 'Want-Repr-Digest': field }
    const { status, headers } = await ask(site.port, having(signedPut(path, 'hello'), fields))
    assert.deepEqual([status, headers['repr-digest']], [201, undefined], field)
  }
})

test('a PUT of a finished slot is told the digest that it wants, too', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, randomBytes(300_000))
  await ask(site.port, put)
  const wish = {
    'Content-Digest': digest(put.body),
    'Repr-Digest': digest(put.body, 'sha-512'),
    'Want-Repr-Digest': 'sha-256=1',
  }
  const { status, headers } = await ask(site.port, having(put, wish))
  assert.deepEqual([status, headers['repr-digest']], [201, digest(put.body)])
})

test('a PUT of a finished slot that is not what its digests say is refused, and nothing changes', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, randomBytes(300_000))
  const { headers } = await ask(site.port, put)
  for (const field of ['Content-Digest', 'Repr-Digest']) {
    const refused = await ask(site.port, having(put, { [field]: digest(OTHER) }))
    assert.deepEqual([refused.status, refused.code], [400, 'digest-mismatch'], field)
  }
  const other = signedPut(PATH, randomBytes(300_000))
  const conflict = await ask(site.port, having(other, { 'Repr-Digest': digest(other.body) }))
  assert.equal(conflict.status, 409, 'other bytes, whatever their digest')
  assert.ok((await contentOf(site, PATH)).equals(put.body))
  assert.equal((await ask(site.port, put)).headers['etag'], headers['etag'])
})
