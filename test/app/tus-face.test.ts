import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { auditOf, filesBelow, startSite } from './site.ts'
import { get, signedPut } from './slots.ts'
import { CHUNK, TUS, checksum, created, creation, offsetOf, patch, targetOf } from './tus-client.ts'
import { contentOf, halfSent } from './visits.ts'
import { type Reply, ask, dial, headOf, replyIn } from './wire-client.ts'

const PATH = 'a1b2/photo of you.jpg'
const UNKNOWN = `/-/uploads/${'A'.repeat(43)}`
const HOUR = 3_600_000

/** What clients that have no other method but POST add to it. */
function meant(method: string): Record<string, string> {
  return { 'X-HTTP-Method-Override': method }
}

function assertRefused(reply: Reply, status: number, code: string): void {
  assert.deepEqual([reply.status, reply.code], [status, code], reply.body.toString())
  assert.equal(reply.headers['tus-resumable'], '1.0.0', 'every answer names the version')
}

test('OPTIONS tells what is spoken, whatever version the question names', async () => {
  await using site = await startSite(['storage.max_file_size=1000'])
  const about = await ask(site.port, {
    method: 'OPTIONS',
    target: '/a/b.txt',
    headers: { 'Tus-Resumable': '0.2.2' },
  })
  assert.equal(about.status, 200)
  assert.equal(about.headers['tus-version'], '1.0.0')
  assert.equal(about.headers['tus-max-size'], '1000')
  assert.equal(about.headers['tus-checksum-algorithm'], 'sha1,sha256')
  assert.equal(
    about.headers['tus-extension'],
    'creation,creation-with-upload,creation-defer-length,expiration,checksum,termination',
  )
  assert.ok(about.headers['x-resume']?.split(', ').includes('tus'))
  const resource = await ask(site.port, { method: 'OPTIONS', target: UNKNOWN, headers: TUS })
  assert.deepEqual([resource.status, resource.headers['tus-version']], [200, '1.0.0'])
  assert.equal(resource.headers['allow'], 'HEAD, GET, PATCH, DELETE, OPTIONS')
})

test('another version is 412 with the right one, and nothing is done', async () => {
  await using site = await startSite()
  const target = await created(site, creation(PATH, 'hello'))
  const wrong = { 'Tus-Resumable': '0.2.2' }
  for (const request of [
    creation('c/d.txt', 'hello', { fields: wrong }),
    { ...patch(target, 0, 'hello'), headers: { ...patch(target, 0, '').headers, ...wrong } },
    { method: 'DELETE', target, headers: wrong },
  ]) {
    const reply = await ask(site.port, request)
    assertRefused(reply, 412, 'unsupported-version')
    assert.equal(reply.headers['tus-version'], '1.0.0')
  }
  const head = await ask(site.port, { method: 'HEAD', target, headers: wrong })
  assert.deepEqual([head.status, head.headers['tus-version']], [412, '1.0.0'])
  assert.equal(await offsetOf(site, target), 0)
})

describe('an upload', () => {
  test('is created without bytes, and its resource tells all that is known of it', async () => {
    await using site = await startSite(['server.public_url=https://files.example/up/'])
    const metadata = 'filename aMOkLnR4dA==,is_confidential'
    const fields = { 'Upload-Metadata': metadata }
    const reply = await ask(site.port, creation(PATH, 'hello', { prefix: '/up/', fields }))
    assert.deepEqual([reply.status, reply.body.length], [201, 0])
    assert.equal(reply.headers['tus-resumable'], '1.0.0')
    assert.match(
      reply.headers['location'] ?? '',
      /^https:\/\/files\.example\/up\/-\/uploads\/[\w-]{43}$/u,
    )
    const lives =
      Date.parse(reply.headers['upload-expires'] ?? '') - Date.parse(reply.headers['date'] ?? '')
    assert.ok(Math.abs(lives - 72 * HOUR) < 60_000, String(lives))
    for (const method of ['HEAD', 'GET']) {
      const told = await ask(site.port, { method, target: targetOf(reply), headers: TUS })
      assert.deepEqual([told.status, told.body.length], [200, 0])
      const { headers } = told
      assert.deepEqual([headers['upload-offset'], headers['upload-length']], ['0', '5'])
      assert.equal(headers['upload-metadata'], metadata)
      assert.equal(headers['upload-expires'], reply.headers['upload-expires'])
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['tus-resumable'], '1.0.0')
    }
  })

  test('grows by pieces, and the last one publishes the file', async () => {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const target = await created(site, creation(PATH, 'hello'))
    const first = await ask(site.port, patch(target, 0, 'hel'))
    assert.deepEqual([first.status, first.headers['upload-offset']], [204, '3'])
    assert.ok(Date.parse(first.headers['upload-expires'] ?? '') > 0)
    assert.equal((await ask(site.port, get(PATH))).status, 503, 'not before it is complete')
    const last = await ask(site.port, patch(target, 3, 'lo'))
    assert.deepEqual([last.status, last.headers['upload-offset']], [204, '5'])
    assert.equal(last.headers['upload-expires'], undefined)
    assert.equal(targetOf(last), '/a1b2/photo%20of%20you.jpg')
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
    assert.equal(await offsetOf(site, target), 5, 'who lost the last answer learns the outcome')
  })

  test('of no bytes is complete as soon as it is created', async () => {
    await using site = await startSite()
    const target = await created(site, creation('a/empty.txt', ''))
    assert.equal((await contentOf(site, 'a/empty.txt')).length, 0)
    assert.equal(await offsetOf(site, target), 0)
  })

  test('that is cut goes on at the byte that its resource tells', async () => {
    await using site = await startSite()
    const content = randomBytes(100_000)
    const target = await created(site, creation(PATH, content))
    using wire = await halfSent(site, patch(target, 0, content))
    wire.socket.resetAndDestroy()
    const offset = await offsetOf(site, target, '127.0.0.3')
    assert.equal(offset, 50_000)
    assert.equal(
      (await ask(site.port, patch(target, offset, content.subarray(offset)))).status,
      204,
    )
    assert.ok((await contentOf(site, PATH)).equals(content))
  })

  test('whose client vanished without a word goes on at once, without a byte sent again', async () => {
    await using site = await startSite()
    const content = randomBytes(100_000)
    const target = await created(site, creation(PATH, content))
    using silent = await halfSent(site, patch(target, 0, content))
    assert.equal(await offsetOf(site, target, '127.0.0.3'), 50_000)
    assert.equal((await silent.ended).length, 0, 'cut, not answered')
    await ask(site.port, patch(target, 50_000, content.subarray(50_000)))
    assert.ok((await contentOf(site, PATH)).equals(content))
    await site.server.shutdown()
    const published = (await auditOf(site.folder)).filter(({ event }) => event === 'published')
    assert.equal(published.length, 1)
  })

  test('goes on after a restart of the server', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    await ask(site.port, patch(target, 0, 'hel'))
    await site.server.shutdown()
    await using again = await startSite([], { folder: site.folder })
    assert.equal(await offsetOf(again, target), 3)
    assert.equal((await ask(again.port, patch(target, 3, 'lo'))).status, 204)
    assert.equal((await contentOf(again, PATH)).toString(), 'hello')
  })

  test('that was given up is 410, and its slot can be used again', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    await ask(site.port, patch(target, 0, 'hel'))
    const ended = await ask(site.port, { method: 'DELETE', target, headers: TUS })
    assert.deepEqual([ended.status, ended.headers['tus-resumable']], [204, '1.0.0'])
    assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
    const head = await ask(site.port, { method: 'HEAD', target, headers: TUS })
    assert.deepEqual([head.status, head.headers['upload-offset']], [410, undefined])
    assertRefused(await ask(site.port, patch(target, 3, 'lo')), 410, 'upload-gone')
    assert.equal((await ask(site.port, signedPut(PATH, 'hello'))).status, 201)
  })

  test('that is finished cannot be given up: its file stays', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    await ask(site.port, patch(target, 0, 'hello'))
    assert.equal((await ask(site.port, { method: 'DELETE', target, headers: TUS })).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })

  test('is changed and ended by POST for clients that have no other method', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    const { headers, ...piece } = patch(target, 0, 'hel')
    const post = { ...piece, method: 'POST', headers: { ...headers, ...meant('PATCH') } }
    assert.equal((await ask(site.port, post)).headers['upload-offset'], '3')
    const head = { method: 'POST', target, headers: { ...TUS, ...meant('HEAD') } }
    assert.equal((await ask(site.port, head)).headers['upload-offset'], '3')
    const put = { method: 'POST', target, headers: { ...TUS, ...meant('PUT') } }
    assertRefused(await ask(site.port, put), 405, 'method-not-allowed')
    const end = { method: 'POST', target, headers: { ...TUS, ...meant('DELETE') } }
    assert.equal((await ask(site.port, end)).status, 204)
    assertRefused(await ask(site.port, patch(target, 3, 'lo')), 410, 'upload-gone')
    const onSlot = creation(PATH, 'hello', { fields: meant('DELETE') })
    assertRefused(await ask(site.port, onSlot), 405, 'method-not-allowed')
  })
})

describe('a PATCH', () => {
  test('at another offset is 409 with the true one, and nothing is stored', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    await ask(site.port, patch(target, 0, 'he'))
    for (const offset of [0, 1, 3, 5]) {
      const reply = await ask(site.port, patch(target, offset, 'llo'))
      assertRefused(reply, 409, 'offset-mismatch')
      assert.equal(reply.headers['upload-offset'], '2')
    }
    assert.equal(await offsetOf(site, target), 2)
  })

  test('of another media type is 415, without a usable offset 400', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    const { headers } = patch(target, 0, '')
    for (const type of ['application/octet-stream', 'application/partial-upload']) {
      const other = { ...patch(target, 0, 'hello'), headers: { ...headers, 'Content-Type': type } }
      assertRefused(await ask(site.port, other), 415, 'unsupported-type')
    }
    for (const offset of ['', '-1', '0x0', '1e3', '1234567890123456']) {
      const other = { ...patch(target, 0, 'h'), headers: { ...headers, 'Upload-Offset': offset } }
      assertRefused(await ask(site.port, other), 400, 'bad-request')
    }
    const without = { method: 'PATCH', target, headers: CHUNK, body: 'hello' }
    assertRefused(await ask(site.port, without), 400, 'bad-request')
  })

  test('beyond the end is 413, and gives the upload up', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    assertRefused(await ask(site.port, patch(target, 0, 'hello world')), 413, 'size-mismatch')
    assertRefused(await ask(site.port, patch(target, 0, 'hello')), 410, 'upload-gone')
  })

  test('of an upload that nobody knows is 404', async () => {
    await using site = await startSite()
    for (const target of [UNKNOWN, '/-/uploads/', '/-/uploads/abc', `${UNKNOWN}/x`]) {
      assertRefused(await ask(site.port, patch(target, 0, 'hello')), 404, 'not-found')
      const head = await ask(site.port, { method: 'HEAD', target, headers: TUS })
      assert.deepEqual([head.status, head.headers['upload-offset']], [404, undefined])
    }
  })

  test('that announces its body gets 100 only if the body is wanted', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    for (const [offset, answer] of [
      [3, '409'],
      [0, '100'],
    ] as const) {
      using wire = await dial(site.port)
      const { headers, ...rest } = patch(target, offset, 'hello')
      wire.send(headOf({ ...rest, headers: { ...headers, Expect: '100-continue' } }))
      await wire.until(`HTTP/1.1 ${answer} `)
    }
  })
})

describe('a creation', () => {
  test('with the whole file is 201 with both addresses', async () => {
    await using site = await startSite()
    const { headers, ...request } = creation(PATH, 'hello', { fields: CHUNK })
    const reply = await ask(site.port, { ...request, headers, body: 'hello' })
    assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, '5'])
    assert.match(targetOf(reply), /^\/-\/uploads\/[\w-]{43}$/u)
    assert.match(reply.headers['content-location'] ?? '', /\/a1b2\/photo%20of%20you\.jpg$/u)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
    assert.equal(await offsetOf(site, targetOf(reply)), 5)
  })

  test('with the first bytes is 201 and tells where to go on', async () => {
    await using site = await startSite()
    const reply = await ask(site.port, {
      ...creation(PATH, 'hello', { fields: CHUNK }),
      body: 'hel',
    })
    assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, '3'])
    assert.ok(Date.parse(reply.headers['upload-expires'] ?? '') > 0)
    assert.equal((await ask(site.port, patch(targetOf(reply), 3, 'lo'))).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })

  test('with bytes of another media type is 415, with too many 413', async () => {
    await using site = await startSite()
    const fields = { 'Content-Type': 'image/png' }
    const other = { ...creation(PATH, 'hello', { fields }), body: 'hello' }
    assertRefused(await ask(site.port, other), 415, 'unsupported-type')
    const long = { ...creation(PATH, 'hello', { fields: CHUNK }), body: 'hello world' }
    assertRefused(await ask(site.port, long), 413, 'size-mismatch')
  })

  test('without a usable length, with bad metadata or with concatenation is 400', async () => {
    await using site = await startSite()
    const { headers, ...request } = creation(PATH, 'hello')
    const { 'Upload-Length': _, ...bare } = headers
    for (const fields of [
      {},
      { 'Upload-Length': '5', 'Upload-Defer-Length': '1' },
      { 'Upload-Length': '-5' },
      { 'Upload-Length': 'five' },
      { 'Upload-Defer-Length': '2' },
      { 'Upload-Length': '5', 'Upload-Concat': 'partial' },
      { 'Upload-Length': '5', 'Upload-Metadata': 'filename YQ==,filename YQ==' },
    ]) {
      const reply = await ask(site.port, { ...request, headers: { ...bare, ...fields } })
      assertRefused(reply, 400, 'bad-request')
    }
  })

  test('is refused like a PUT: without a credential, with a wrong one, of another size, too large', async () => {
    await using site = await startSite(['storage.max_file_size=1000'])
    const bare = { ...creation(PATH, 'hello'), target: '/a/b.txt' }
    assertRefused(await ask(site.port, bare), 401, 'no-credential')
    const secret = 'not the key of this server'
    assertRefused(await ask(site.port, creation(PATH, 'hello', { secret })), 403, 'grant-invalid')
    const other = creation(PATH, 'hello', { fields: { 'Upload-Length': '6' } })
    assertRefused(await ask(site.port, other), 403, 'grant-invalid')
    const jwt = { scheme: 'jwt' } as const
    const larger = creation(PATH, 'hello', { ...jwt, fields: { 'Upload-Length': '6' } })
    assertRefused(await ask(site.port, larger), 413, 'file-too-large')
    const smaller = creation(PATH, 'hello', { ...jwt, fields: { 'Upload-Length': '4' } })
    assertRefused(await ask(site.port, smaller), 400, 'size-mismatch')
    assertRefused(await ask(site.port, creation(PATH, randomBytes(1001))), 413, 'file-too-large')
  })

  test('is verified by any type that the metadata names, which is then served', async () => {
    await using site = await startSite()
    const png = Buffer.from('image/png').toString('base64')
    const other = Buffer.from('text/x-other').toString('base64')
    const metadata = [`filetype ${png}`, `type ${png}`, `filetype ${other},type ${png}`]
    for (const [index, field] of metadata.entries()) {
      const path = `round/${index}`
      const fields = { ...CHUNK, 'Upload-Metadata': field }
      const how = { scheme: 'v2', contentType: 'image/png', fields } as const
      const reply = await ask(site.port, { ...creation(path, 'hello', how), body: 'hello' })
      assert.equal(reply.status, 201, field)
      assert.equal((await ask(site.port, get(path))).headers['content-type'], 'image/png')
    }
  })

  test('of a finished slot is 201 for the same bytes, else 409', async () => {
    await using site = await startSite()
    await ask(site.port, signedPut(PATH, 'hello'))
    const whole = creation(PATH, 'hello', { fields: CHUNK })
    const again = await ask(site.port, { ...whole, body: 'hello' })
    assert.deepEqual([again.status, again.headers['upload-offset']], [201, '5'])
    assert.equal(targetOf(again), '/a1b2/photo%20of%20you.jpg')
    assertRefused(await ask(site.port, { ...whole, body: 'hallo' }), 409, 'slot-conflict')
    assertRefused(await ask(site.port, creation(PATH, 'hello')), 409, 'slot-conflict')
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })
})

describe('a length that comes later', () => {
  test('is accepted where the grant names it, and told once it is said', async () => {
    await using site = await startSite()
    const { headers, ...request } = creation(PATH, 'hello', { scheme: 'jwt' })
    const { 'Upload-Length': _, ...fields } = headers
    const deferred = { ...request, headers: { ...fields, 'Upload-Defer-Length': '1' } }
    const target = await created(site, deferred)
    await ask(site.port, patch(target, 0, 'he'))
    const before = await ask(site.port, { method: 'HEAD', target, headers: TUS })
    assert.equal(before.headers['upload-defer-length'], '1')
    assert.equal(before.headers['upload-length'], undefined)
    const piece = patch(target, 2, 'l')
    const wrong = { ...piece, headers: { ...piece.headers, 'Upload-Length': '4' } }
    assertRefused(await ask(site.port, wrong), 400, 'length-inconsistent')
    await ask(site.port, { ...piece, headers: { ...piece.headers, 'Upload-Length': '5' } })
    const after = await ask(site.port, { method: 'HEAD', target, headers: TUS })
    assert.equal(after.headers['upload-defer-length'], undefined)
    assert.deepEqual([after.headers['upload-length'], after.headers['upload-offset']], ['5', '3'])
    assert.equal((await ask(site.port, patch(target, 3, 'lo'))).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })

  test('needs not be said once all bytes are there', async () => {
    await using site = await startSite()
    const { headers, ...request } = creation(PATH, 'hello', { scheme: 'jwt' })
    const { 'Upload-Length': _, ...fields } = headers
    const deferred = { ...request, headers: { ...fields, 'Upload-Defer-Length': '1' } }
    const target = await created(site, deferred)
    assert.equal((await ask(site.port, patch(target, 0, 'hello'))).status, 204)
    const told = await ask(site.port, { method: 'HEAD', target, headers: TUS })
    assert.deepEqual([told.headers['upload-offset'], told.headers['upload-length']], ['5', '5'])
    const { headers: last, ...piece } = patch(target, 5, '')
    const saying = { ...piece, headers: { ...last, 'Upload-Length': '5' } }
    assert.equal((await ask(site.port, saying)).status, 204)
  })

  test('never lets an upload grow beyond the slot', async () => {
    await using site = await startSite()
    const { headers, ...request } = creation(PATH, 'hello', { scheme: 'jwt' })
    const { 'Upload-Length': _, ...fields } = headers
    const deferred = { ...request, headers: { ...fields, 'Upload-Defer-Length': '1' } }
    const target = await created(site, deferred)
    assertRefused(await ask(site.port, patch(target, 0, 'hello world')), 413, 'size-mismatch')
  })

  test('is 400 where the grant only signs it', async () => {
    await using site = await startSite()
    for (const scheme of ['v1', 'v2', 'v3', 'token', 'bearer'] as const) {
      const { headers, ...request } = creation(PATH, 'hello', { scheme })
      const { 'Upload-Length': _, ...fields } = headers
      const deferred = { ...request, headers: { ...fields, 'Upload-Defer-Length': '1' } }
      assertRefused(await ask(site.port, deferred), 400, 'bad-request')
    }
  })
})

describe('a checksum', () => {
  test('that is right changes nothing', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    for (const [offset, piece, algorithm] of [
      [0, 'hel', 'sha1'],
      [3, 'lo', 'sha256'],
    ] as const) {
      const { headers, ...request } = patch(target, offset, piece)
      const fields = { ...headers, ...checksum(piece, algorithm) }
      assert.equal((await ask(site.port, { ...request, headers: fields })).status, 204)
    }
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })

  test('that is wrong is 460, and the piece is as if it had never come', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, 'hello'))
    await ask(site.port, patch(target, 0, 'he'))
    const { headers, ...request } = patch(target, 2, 'LLO')
    const wrong = { ...request, headers: { ...headers, ...checksum('llo') } }
    assertRefused(await ask(site.port, wrong), 460, 'checksum-mismatch')
    assert.equal(await offsetOf(site, target), 2)
    const right = { ...request, headers: { ...headers, ...checksum('llo') }, body: 'llo' }
    assert.equal((await ask(site.port, right)).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })

  test('of an unknown algorithm is 400, over too large a piece 413 before its bytes', async () => {
    await using site = await startSite()
    const target = await created(site, creation(PATH, randomBytes(17 * 2 ** 20)))
    const { headers, ...request } = patch(target, 0, 'hello')
    const unknown = { ...request, headers: { ...headers, 'Upload-Checksum': 'crc32 AAAA' } }
    assertRefused(await ask(site.port, unknown), 400, 'bad-request')
    using wire = await dial(site.port)
    const length = { 'Content-Length': String(16 * 2 ** 20 + 1) }
    wire.send(headOf({ ...request, headers: { ...headers, ...checksum(''), ...length } }))
    assertRefused(replyIn(await wire.ended), 413, 'file-too-large')
    assert.equal(await offsetOf(site, target), 0)
  })

  test('that is wrong for the bytes of a creation is 460, and the slot is as before', async () => {
    await using site = await startSite()
    const fields = { ...CHUNK, ...checksum('hello') }
    const wrong = { ...creation(PATH, 'hello', { fields }), body: 'HELLO' }
    assertRefused(await ask(site.port, wrong), 460, 'checksum-mismatch')
    assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
    assert.equal((await ask(site.port, { ...wrong, body: 'hello' })).status, 201)
  })
})

describe('an Authorization on an upload resource', () => {
  test('must be the one that the upload was created with, and may be missing', async () => {
    await using site = await startSite()
    const request = creation(PATH, 'hello', { scheme: 'jwt' })
    const target = await created(site, request)
    const right = { Authorization: String(request.headers['Authorization']) }
    const other = {
      Authorization: String(
        creation('c/d.txt', 'hello', { scheme: 'jwt' }).headers['Authorization'],
      ),
    }
    const { headers, ...piece } = patch(target, 0, 'hel')
    const wrong = { ...piece, headers: { ...headers, ...other } }
    assertRefused(await ask(site.port, wrong), 403, 'grant-invalid')
    const end = { method: 'DELETE', target, headers: { ...TUS, ...other } }
    assertRefused(await ask(site.port, end), 403, 'grant-invalid')
    assert.equal(
      (await ask(site.port, { ...piece, headers: { ...headers, ...right } })).status,
      204,
    )
    assert.equal((await ask(site.port, patch(target, 3, 'lo'))).status, 204)
  })
})

test('bytes for a complete upload are 409, the question after a lost answer is not', async () => {
  await using site = await startSite()
  const target = await created(site, creation(PATH, 'hello'))
  await ask(site.port, patch(target, 0, 'hello'))
  assertRefused(await ask(site.port, patch(target, 3, 'lo')), 409, 'offset-mismatch')
  const again = await ask(site.port, patch(target, 5, ''))
  assert.deepEqual([again.status, again.headers['upload-offset']], [204, '5'])
})
