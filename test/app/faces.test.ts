import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { TUS, created, creation, offsetOf, patch, targetOf } from './tus-client.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, ask } from './wire-client.ts'

const PATH = 'a1b2/photo of you.jpg'

/** Fields of a request of the IETF's resumable uploads. */
function rufh(fields: Readonly<Record<string, string>>): Record<string, string> {
  return { 'Upload-Draft-Interop-Version': '8', ...fields }
}

/** A careful creation. */
function carefully(content: string): RawRequest {
  const { target, body } = signedPut(PATH, content)
  const length = { 'Upload-Complete': '?0', 'Upload-Length': String(body.length) }
  return { method: 'POST', target, headers: rufh({ ...length, 'Content-Length': '0' }) }
}

/** The last bytes. */
function rest(target: string, offset: number, body: string): RawRequest {
  const fields = {
    'Content-Type': 'application/partial-upload',
    'Upload-Offset': String(offset),
    'Upload-Complete': '?1',
  }
  return { method: 'PATCH', target, headers: rufh(fields), body }
}

test('an upload that began by tus is told of and finished by the IETF protocol', async () => {
  await using site = await startSite()
  const target = await created(site, creation(PATH, 'hello'))
  await ask(site.port, patch(target, 0, 'hel'))
  const { status, headers } = await ask(site.port, { method: 'HEAD', target, headers: rufh({}) })
  assert.equal(status, 204)
  assert.deepEqual([headers['upload-offset'], headers['upload-complete']], ['3', '?0'])
  assert.equal((await ask(site.port, rest(target, 3, 'lo'))).status, 201)
  assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  assert.equal(await offsetOf(site, target), 5, 'tus learns of it')
})

test('an upload that began by the IETF protocol is told of and finished by tus', async () => {
  await using site = await startSite()
  const target = targetOf(await ask(site.port, carefully('hello')))
  assert.equal((await ask(site.port, patch(target, 0, 'hel'))).headers['upload-offset'], '3')
  const head = { method: 'HEAD', target, headers: rufh({}) }
  assert.equal((await ask(site.port, head)).headers['upload-offset'], '3')
  assert.equal((await ask(site.port, patch(target, 3, 'lo'))).status, 204)
  assert.equal((await ask(site.port, head)).headers['upload-complete'], '?1')
  assert.equal((await contentOf(site, PATH)).toString(), 'hello')
})

test('all bytes without the word that they are all are complete to tus, which needs no such word', async () => {
  await using site = await startSite()
  const target = targetOf(await ask(site.port, carefully('hello')))
  const { headers, ...piece } = rest(target, 0, 'hello')
  await ask(site.port, { ...piece, headers: { ...headers, 'Upload-Complete': '?0' } })
  assert.equal(await offsetOf(site, target), 5)
  assert.equal((await contentOf(site, PATH)).toString(), 'hello')
})

test('a creation begins at byte 0 whatever was sent to the slot itself before, which is given up', async () => {
  for (const create of [creation(PATH, 'hello'), carefully('hello')]) {
    await using site = await startSite()
    const range = { 'Content-Range': 'bytes 0-2/5' }
    const { target, headers } = signedPut(PATH, 'hello')
    const piece = { target, headers: { ...headers, ...range }, body: 'hel' }
    assert.equal((await ask(site.port, piece)).headers['upload-offset'], '3')
    assert.equal(await offsetOf(site, targetOf(await ask(site.port, create))), 0)
    const question = { ...piece, body: '', headers: { ...headers, 'Content-Range': 'bytes */5' } }
    assert.equal((await ask(site.port, question)).headers['upload-offset'], '0')
  }
})

test('an upload resource speaks the protocol of the request, not of its creation', async () => {
  await using site = await startSite()
  const target = await created(site, creation(PATH, 'hello'))
  const asTus = await ask(site.port, { method: 'HEAD', target, headers: TUS })
  assert.deepEqual(
    [asTus.headers['tus-resumable'], asTus.headers['upload-limit']],
    ['1.0.0', undefined],
  )
  const asRufh = await ask(site.port, { method: 'HEAD', target, headers: rufh({}) })
  assert.equal(asRufh.headers['tus-resumable'], undefined)
  assert.match(asRufh.headers['upload-limit'] ?? '', /max-age=\d+/u)
})
