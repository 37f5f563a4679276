import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { append, created, creation, offsetOf } from './rufh-client.ts'
import { startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { TUS, created as createdByTus, creation as tusCreation, patch } from './tus-client.ts'
import { contentOf, halfSent } from './visits.ts'
import { ask } from './wire-client.ts'

test('a shutdown ends uploads that can go on at once and unanswered, and the next start has every byte of them', async () => {
  await using site = await startSite(['server.shutdown_grace=1h', 'storage.fsync=ack'])
  const put = signedPut('a/ietf', randomBytes(100_000))
  const target = await created(site, put)
  using ietf = await halfSent(
    site,
    append(target, 8, { offset: 0, bytes: put.body, isComplete: true }),
  )
  const file = randomBytes(100_000)
  const other = await createdByTus(site, tusCreation('a/tus', file))
  const piece = patch(other, 0, file)
  using tus = await halfSent(site, { ...piece, target: other, body: file })
  await site.server.shutdown()
  assert.deepEqual([(await ietf.ended).length, (await tus.ended).length], [0, 0])

  await using again = await startSite([], { folder: site.folder })
  const offset = await offsetOf(again, target)
  assert.equal(offset, 50_000)
  const bytes = put.body.subarray(offset)
  const last = await ask(again.port, append(target, 8, { offset, bytes, isComplete: true }))
  assert.equal(last.status, 201)
  assert.ok((await contentOf(again, 'a/ietf')).equals(put.body))
  const question = await ask(again.port, { method: 'HEAD', target: other, headers: TUS })
  assert.ok(Number(question.headers['upload-offset']) > 0)
})

test('a shutdown leaves an upload its grace whose client was never told where to come back', async () => {
  await using site = await startSite(['server.shutdown_grace=1h'])
  const put = signedPut('a/untold', randomBytes(100_000))
  // Behind a proxy nobody is told by 104.
  const untold = creation(put, 8)
  const headers = { ...untold.headers, 'X-Forwarded-For': '192.0.2.7' }
  using sender = await halfSent(site, { ...untold, headers }, '127.0.0.1')
  const down = site.server.shutdown()
  sender.send(put.body.subarray(50_000))
  await sender.until('HTTP/1.1 201 ')
  await down
})
