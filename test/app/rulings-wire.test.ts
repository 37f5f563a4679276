/** What is said on the wire: rulings 3, 15, 17, 18, 19 and 25 of docs/rulings.md. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import {
  INTEROPS,
  PHONE,
  append,
  created,
  creation,
  head,
  located,
  speaking,
} from './rufh-client.ts'
import { accepting } from './session-client.ts'
import { type Site, startSite } from './site.ts'
import { type Signing, get, signedPut } from './slots.ts'
import { creation as tusCreation, targetOf } from './tus-client.ts'
import { halfSent } from './visits.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

const PATH = 'a1b2/photo.jpg'
const PUBLIC = 'http://127.0.0.1:5050'
const NONE = Buffer.alloc(0)

/** A PUT of some of the five bytes of a slot. */
function piece(path: string, range: string, how: Signing = {}): RawRequest {
  const put = signedPut(path, 'hello', how)
  const [, start = '', end = ''] = /(\d+)-(\d+)/u.exec(range) ?? []
  const body = put.body.subarray(Number(start), Number(end) + 1)
  return { ...put, body, headers: { ...put.headers, 'Content-Range': `bytes ${range}` } }
}

/** A creation that brings two of the five bytes of a slot and says nothing of the others. */
function unmeasured(path: string, how: Signing = {}): RawRequest {
  const { target, headers, body } = signedPut(path, 'hello', how)
  const fields = speaking(3, { ...headers, 'Upload-Incomplete': '?1' })
  return { method: 'PUT', target, headers: fields, body: body.subarray(0, 2) }
}

async function answers(
  site: Site,
  expected: readonly (readonly [RawRequest, number])[],
): Promise<void> {
  for (const [request, status] of expected) {
    const reply = await ask(site.port, request)
    const { method = 'PUT', target, headers } = request
    const asked = `${method} ${target} ${JSON.stringify(headers)}`
    assert.equal(reply.status, status, `${asked}: ${reply.body.toString()}`)
  }
}

test('ruling 3: size, method and type are those that the slot was signed for, on every face', async () => {
  await using site = await startSite(['storage.max_file_size=100'])
  const jwt = { scheme: 'jwt' } as const
  const v3 = { scheme: 'v3' } as const
  const numbered = signedPut('n/1', 'hello')
  await answers(site, [
    // Content-Range: its total, else the slot's, else the grant's.
    [piece('r/1', '0-1/5'), 308],
    [piece('r/1', '2-4/*'), 201],
    [piece('r/2', '0-1/*'), 400],
    [piece('r/3', '0-1/*', jwt), 308],
    [piece('r/4', '0-1/6'), 403],
    [piece('r/5', '0-1/6', jwt), 413],
    [piece('r/6', '0-1/4', jwt), 400],
    // The IETF's: Upload-Length, the end of the last body, else the slot's, else the grant's.
    [creation(signedPut('i/1', 'hello'), 8), 201],
    [unmeasured('i/2'), 400],
    [unmeasured('i/3', jwt), 201],
    [creation(signedPut('i/4', 'hello', jwt), 8, { bytes: Buffer.from('hello!') }), 413],
    // tus: Upload-Length, and the type in the metadata.
    [tusCreation('t/1', 'hello'), 201],
    [tusCreation('t/2', 'hello', { fields: { 'Upload-Length': '6' } }), 403],
    [tusCreation('t/3', 'hello', { ...jwt, fields: { 'Upload-Length': '6' } }), 413],
    // v3 signs PUT, whatever the request is, and no size.
    [tusCreation('v/1', 'hello', v3), 201],
    [{ ...creation(signedPut('v/2', 'hello', v3), 8), method: 'POST' }, 201],
    [signedPut('v/3', randomBytes(101), v3), 413],
    // Nothing that a signed text could say in two ways.
    [{ ...numbered, headers: { 'Content-Length': '1234567890123456' } }, 400],
    [{ ...numbered, headers: { 'Content-Length': '+5' } }, 400],
    [{ ...numbered, headers: { 'Content-Length': '05' } }, 400],
    // What is no matter for the short way to answer.
    [{ ...numbered, headers: { 'Content-Length': '05', TE: 'trailers' } }, 400],
    [{ ...numbered, method: 'PATCH', headers: { 'Content-Length': '05' } }, 400],
    [piece('n/3', '0-4/05'), 400],
    [{ ...numbered, headers: { 'Content-Range': 'bytes 0-04/5' } }, 400],
    [having(creation(signedPut('n/4', 'hello'), 8), { 'Upload-Length': '05' }), 400],
    [having(creation(signedPut('n/5', 'hello'), 8), { 'Upload-Length': '1234567890123456' }), 400],
    [tusCreation('n/2', 'hello', { fields: { 'Upload-Length': '0x5' } }), 400],
    [tusCreation('n/2', 'hello', { fields: { 'Upload-Length': '05' } }), 400],
    [{ ...numbered, target: numbered.target.replace('n/1', 'n/1%00') }, 400],
    // 409 is for whoever has a right to the slot.
    [signedPut('p/1', 'hello'), 201],
    [signedPut('p/1', 'hello!'), 409],
    [signedPut('p/1', 'hello!', { secret: 'not the key of this server' }), 403],
  ])
  const contentType = 'video/x-of-a-test'
  const filetype = Buffer.from(contentType).toString('base64')
  const fields = { 'Upload-Metadata': `filetype ${filetype}` }
  const typed = tusCreation('t/typed', 'hello', { scheme: 'v2', contentType, fields })
  const target = targetOf(await ask(site.port, typed))
  const bytes = Buffer.from('hello')
  await ask(site.port, append(target, 8, { offset: 0, bytes, isComplete: true }))
  assert.equal((await ask(site.port, get('t/typed'))).headers['content-type'], contentType)
})

test('ruling 15: Location is the file, except for the creation of drafts 3 to 6 and of what is unfinished', async () => {
  await using site = await startSite()
  const upload = /^http:\/\/127\.0\.0\.1:5050\/-\/uploads\/[\w-]{43}$/u
  for (const interop of INTEROPS) {
    const path = `whole/${interop}`
    const file = `${PUBLIC}/${path}`
    const whole = { ...creation(signedPut(path, 'hello'), interop), from: PHONE }
    const { headers } = await ask(site.port, whole)
    const isEarly = interop !== undefined && interop < 7
    assert.match(headers['location'] ?? '', isEarly ? upload : new RegExp(`^${file}$`, 'u'))
    assert.equal(headers['content-location'], isEarly ? file : undefined)

    const put = signedPut(`pieces/${interop}`, 'hello')
    const careful = await ask(site.port, creation(put, interop, { bytes: NONE, isComplete: false }))
    assert.match(careful.headers['location'] ?? '', upload)
    const all = { offset: 0, bytes: put.body, isComplete: true }
    const last = await ask(site.port, append(located(careful), interop, all))
    assert.equal(last.headers['location'], `${PUBLIC}/pieces/${interop}`)
  }
  for (const whole of [signedPut('plain/a', 'hello'), piece('range/a', '0-4/5')]) {
    const { status, headers } = await ask(site.port, whole)
    const path = whole.target.replace(/\?.*/u, '')
    assert.deepEqual([status, headers['location']], [201, `${PUBLIC}${path}`])
  }
})

test('ruling 17: below -/ only words of ours are ours', async () => {
  await using site = await startSite()
  for (const path of ['-/photo.jpg', '-/uploaded/photo.jpg', '-/a/b/c.jpg']) {
    assert.equal((await ask(site.port, signedPut(path, 'hello'))).status, 201, path)
    assert.equal((await ask(site.port, get(path))).body.toString(), 'hello')
  }
})

test('ruling 18: fields of an upload in a question are 400 for drafts 3 to 6 only, the draft’s number never is', async () => {
  await using site = await startSite(['limits.open_uploads_per_owner=100'])
  for (const interop of INTEROPS) {
    const stray = { 'Upload-Offset': '0', 'Upload-Length': '5', 'Upload-Complete': '?0' }
    const expected = interop !== undefined && interop < 7 ? 400 : 204
    for (const method of ['HEAD', 'DELETE']) {
      for (const [name, value] of Object.entries(stray)) {
        const target = await created(site, signedPut(`${interop}/${method}/${name}`, 'hello'))
        const question = { ...head(target, interop), method }
        const fields = { ...question.headers, [name]: value }
        await answers(site, [
          [{ ...question, headers: fields }, expected],
          [{ ...question, method: 'HEAD' }, method === 'DELETE' && expected === 204 ? 410 : 204],
        ])
      }
    }
  }
})

/** Fields of answers that a client of ours reads and a browser would keep from it. */
const READ =
  /^(?:upload-|tus-|x-(?!content-type)|dpop-|www-authenticate|location|content-location|etag|range|retry-after)/u

test('ruling 19: any page may use every answer, with no cookie and no credentials', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  const put = signedPut(PATH, 'hello')
  const target = await created(site, put)
  const tus = { 'Tus-Resumable': '1.0.0' }
  const replies: Reply[] = []
  for (const asked of [
    head(target, 8),
    head(target, 6),
    { method: 'HEAD', target, headers: tus },
    { method: 'OPTIONS', target: `/${PATH}` },
    { method: 'OPTIONS', target },
    { method: 'OPTIONS', target: '/never/granted.txt' },
    get(PATH),
    piece('a/pieces', '0-1/5'),
    { ...put, headers: { Cookie: 'a=b' } },
    get(PATH),
    get('never/granted.txt'),
    signedPut(PATH, 'hello!', { secret: 'not the key of this server' }),
    tusCreation('a/tus', 'hello'),
    having(signedPut('a/bound', 'hello'), accepting()),
    signedPut('a/bound', 'hello'),
    having(signedPut('a/dpop', 'hello'), { DPoP: 'a.b.c' }),
  ]) {
    replies.push(await ask(site.port, asked))
  }
  for (const { headers, status } of replies) {
    assert.equal(headers['access-control-allow-origin'], '*', String(status))
    assert.equal(headers['access-control-allow-credentials'], undefined)
    assert.equal(headers['set-cookie'], undefined)
    const exposed = headers['access-control-expose-headers']?.toLowerCase().split(', ')
    const hidden = Object.keys(headers).filter(
      (name) => READ.test(name) && !exposed?.includes(name),
    )
    assert.deepEqual(hidden, [])
  }
  const options = replies.filter(({ headers }) => headers['access-control-allow-methods'])
  assert.deepEqual(
    options.map(({ status }) => status),
    [200, 200, 200],
  )
  const [allowed = ''] = options.map(({ headers }) => headers['access-control-allow-headers'])
  for (const name of [
    'Authorization',
    'Content-Range',
    'Upload-Offset',
    'X-HTTP-Method-Override',
    'X-Session-Accept',
    'X-Session-ID',
    'X-Challenge-Response',
    'X-Adopt-Upload',
    'DPoP',
  ]) {
    assert.ok(allowed.split(', ').includes(name), name)
  }
  assert.ok(!allowed.includes('*'))
})

test('ruling 25: a refused GET says Content-Length 0, a refused HEAD says none', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  using _writer = await halfSent(site, signedPut('a/unfinished', randomBytes(1000)))
  const whole = signedPut(PATH, 'hello')
  await ask(site.port, whole)
  for (const [path, status, headers] of [
    ['never/granted.txt', 404, {}],
    ['a/unfinished', 503, {}],
    [PATH, 416, { Range: 'bytes=9-' }],
    [PATH, 412, { 'If-Match': '"another"' }],
  ] as const) {
    const asked = get(path, headers)
    const reply = await ask(site.port, asked)
    const said = [reply.status, reply.headers['content-length'], reply.body.length]
    assert.deepEqual(said, [status, '0', 0], path)
    if (status === 416) continue
    const question = await ask(site.port, { ...asked, method: 'HEAD' })
    assert.deepEqual([question.status, question.headers['content-length']], [status, undefined])
  }
})
