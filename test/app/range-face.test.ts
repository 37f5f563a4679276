import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { digest } from './rufh-client.ts'
import { filesBelow, startSite, stored } from './site.ts'
import { type SignedPut, type Signing, get, signedPut } from './slots.ts'
import { created, creation, offsetOf, patch } from './tus-client.ts'
import { contentOf, halfSent } from './visits.ts'
import { type RawRequest, type Reply, ask, dial, having, headOf, replyIn } from './wire-client.ts'

const PATH = 'a1b2/photo of you.jpg'

/** The PUT of the bytes `start` to `end` (exclusive). */
function piece(put: SignedPut, start: number, end: number): SignedPut {
  const range = `bytes ${start}-${end - 1}/${put.body.length}`
  const headers = { ...put.headers, 'Content-Range': range }
  return { ...put, headers, body: put.body.subarray(start, end) }
}

/** The PUT that asks how far the upload is. */
function question(put: SignedPut, total: number | '*' = put.body.length): RawRequest {
  return { ...put, headers: { ...put.headers, 'Content-Range': `bytes */${total}` }, body: '' }
}

function assertStored(reply: Reply, bytes: number): void {
  assert.equal(reply.status, 308, reply.body.toString())
  assert.equal(reply.body.length, 0)
  assert.equal(reply.headers['upload-offset'], String(bytes))
  assert.equal(reply.headers['range'], bytes === 0 ? undefined : `bytes=0-${bytes - 1}`)
  assert.equal(reply.headers['location'], undefined, 'clients would follow it')
}

function assertRefused(reply: Reply, status: number, code: string): void {
  assert.deepEqual([reply.status, reply.code], [status, code], reply.body.toString())
}

test('OPTIONS tells that pieces are taken', async () => {
  await using site = await startSite()
  const { headers } = await ask(site.port, { method: 'OPTIONS', target: '/a/b.txt' })
  assert.ok(headers['x-resume']?.split(', ').includes('content-range'))
})

describe('pieces of a file', () => {
  test('are 308 with what is stored, and the last one is 201 like a whole PUT', async () => {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const put = signedPut(PATH, randomBytes(100_000))
    assertStored(await ask(site.port, piece(put, 0, 40_000)), 40_000)
    assertStored(await ask(site.port, piece(put, 40_000, 99_999)), 99_999)
    assert.equal((await ask(site.port, get(PATH))).status, 503, 'not before it is complete')
    const { status, headers, body } = await ask(site.port, piece(put, 99_999, 100_000))
    assert.deepEqual([status, body.length, headers['content-length']], [201, 0, '0'])
    assert.match(headers['location'] ?? '', /\/a1b2\/photo%20of%20you\.jpg$/u)
    const download = await ask(site.port, get(PATH))
    assert.ok(download.body.equals(put.body))
    assert.equal(headers['etag'], download.headers['etag'])
  })

  test('at another offset are 409 with the true one, before their bytes, and nothing is stored', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    assertRefused(await ask(site.port, piece(put, 4, 10)), 409, 'offset-mismatch')
    await ask(site.port, piece(put, 0, 4))
    for (const start of [0, 3, 5]) {
      using wire = await dial(site.port)
      wire.send(headOf(piece(put, start, 10)))
      const reply = replyIn(await wire.ended)
      assertRefused(reply, 409, 'offset-mismatch')
      assert.deepEqual([reply.headers['upload-offset'], reply.headers['range']], ['4', 'bytes=0-3'])
    }
    assertStored(await ask(site.port, question(put)), 4)
  })

  test('that are cut leave what came, also of a client that vanished without a word', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(100_000))
    using broken = await halfSent(site, piece(put, 0, 80_000), '127.0.0.2')
    broken.socket.resetAndDestroy()
    await site.logged('upload interrupted')
    assertStored(await ask(site.port, question(put)), 40_000)
    using silent = await dial(site.port, '127.0.0.2')
    silent.send(headOf(piece(put, 40_000, 100_000)))
    silent.send(put.body.subarray(40_000, 70_000))
    await stored(site, 70_000)
    assertStored(await ask(site.port, { ...question(put), from: '127.0.0.3' }), 70_000)
    assert.equal((await silent.ended).length, 0, 'cut, not answered')
    assert.equal((await ask(site.port, piece(put, 70_000, 100_000))).status, 201)
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('go on after a restart of the server', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    await ask(site.port, piece(put, 0, 4))
    await site.server.shutdown()
    await using again = await startSite([], { folder: site.folder })
    assertStored(await ask(again.port, question(put)), 4)
    assert.equal((await ask(again.port, piece(put, 4, 10))).status, 201)
  })

  test('go on with what a whole PUT left, cut or silent', async () => {
    for (const end of ['cut', 'silent'] as const) {
      await using site = await startSite()
      const put = signedPut(PATH, randomBytes(100_000))
      using wire = await halfSent(site, put, '127.0.0.2')
      if (end === 'cut') {
        wire.socket.resetAndDestroy()
        await site.logged('upload interrupted')
      }
      assertStored(await ask(site.port, { ...question(put), from: '127.0.0.3' }), 50_000)
      assert.equal((await ask(site.port, piece(put, 50_000, 100_000))).status, 201)
      assert.ok((await contentOf(site, PATH)).equals(put.body))
    }
  })

  test('are started over by a whole PUT', async () => {
    await using site = await startSite()
    await ask(site.port, piece(signedPut(PATH, 'other bytes'), 0, 5))
    assert.equal((await ask(site.port, signedPut(PATH, 'right bytes'))).status, 201)
    assert.equal((await contentOf(site, PATH)).toString(), 'right bytes')
  })

  test('never mix with an upload that has a resource of its own', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    const target = await created(site, creation(PATH, put.body))
    await ask(site.port, patch(target, 0, '01234'))
    assertStored(await ask(site.port, question(put)), 0)
    assertStored(await ask(site.port, piece(signedPut(PATH, 'other file'), 0, 3)), 3)
    assert.equal(await offsetOf(site, target), 5)
    assert.equal((await ask(site.port, patch(target, 5, '56789'))).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), '0123456789')
  })

  test('of a finished file are 201 if they are the same, else 409', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    const first = await ask(site.port, put)
    for (const request of [piece(put, 4, 10), piece(put, 0, 3), question(put)]) {
      const again = await ask(site.port, request)
      assert.deepEqual([again.status, again.headers['etag']], [201, first.headers['etag']])
    }
    const other = piece(signedPut(PATH, '01234x6789'), 4, 10)
    assertRefused(await ask(site.port, other), 409, 'slot-conflict')
    assert.equal((await contentOf(site, PATH)).toString(), '0123456789')
  })
})

describe('the question for what is stored', () => {
  test('is 308 with nothing for a slot that was never used, and does not use it', async () => {
    await using site = await startSite()
    assertStored(await ask(site.port, question(signedPut(PATH, 'hello'))), 0)
    assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
    assert.equal((await ask(site.port, get(PATH))).status, 404)
  })

  test('of a file of no bytes is the file itself', async () => {
    await using site = await startSite()
    assert.equal((await ask(site.port, question(signedPut('a/empty', '')))).status, 201)
    assert.equal((await contentOf(site, 'a/empty')).length, 0)
  })

  test('brings no bytes', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    assertRefused(await ask(site.port, { ...question(put), body: 'hello' }), 400, 'bad-request')
  })
})

describe('the length of the file', () => {
  test('may be left out once the slot was used, or where the grant names it', async () => {
    await using site = await startSite()
    for (const how of [{ scheme: 'v1' }, { scheme: 'jwt' }] satisfies Signing[]) {
      const put = signedPut(`${how.scheme}/a.txt`, '0123456789', how)
      const start = piece(put, 0, 4)
      const open = { ...start, headers: { ...start.headers, 'Content-Range': 'bytes 0-3/*' } }
      if (how.scheme === 'v1') {
        assertRefused(await ask(site.port, open), 400, 'bad-request')
        assertRefused(await ask(site.port, question(put, '*')), 400, 'bad-request')
        await ask(site.port, start)
      } else assertStored(await ask(site.port, open), 4)
      assertStored(await ask(site.port, question(put, '*')), 4)
      const rest = piece(put, 4, 10)
      const last = { ...rest, headers: { ...rest.headers, 'Content-Range': 'bytes 4-9/*' } }
      assert.equal((await ask(site.port, last)).status, 201)
    }
  })

  test('other than the granted one is refused as for a whole PUT', async () => {
    await using site = await startSite()
    for (const [scheme, total, status, code] of [
      ['v1', 11, 403, 'grant-invalid'],
      ['v2', 9, 403, 'grant-invalid'],
      ['jwt', 11, 413, 'file-too-large'],
      ['jwt', 9, 400, 'size-mismatch'],
    ] as const) {
      const put = signedPut(PATH, '0123456789', { scheme })
      assertRefused(await ask(site.port, question(put, total)), status, code)
    }
    const put = signedPut(PATH, '0123456789', { scheme: 'v3' })
    await ask(site.port, piece(put, 0, 4))
    assertRefused(await ask(site.port, question(put, 11)), 409, 'slot-conflict')
  })
})

describe('a Content-Range', () => {
  test('that cannot be understood, or is not that of the body, is 400 and nothing is stored', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    for (const [range, body] of [
      ['bytes 0-3/4/5', '0123'],
      ['bytes 0-10/10', '01234567890'],
      ['bytes 4-3/10', ''],
      ['bytes 0-3/10, 4-9/10', '0123456789'],
      ['items 0-3/10', '0123'],
      ['bytes 0-3', '0123'],
      ['bytes 0-3/10', '012'],
      ['bytes 0-3/10', '01234'],
    ] as const) {
      const headers = { ...put.headers, 'Content-Range': range }
      assertRefused(await ask(site.port, { ...put, headers, body }), 400, 'bad-request')
    }
    assertStored(await ask(site.port, question(put)), 0)
  })

  test('of a chunked body is exact: less is stored and told, more is 400 and not stored', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, '0123456789')
    const chunked = async (range: string, ...chunks: string[]): Promise<Reply> => {
      const { target } = put
      const headers = {
        'Transfer-Encoding': 'chunked',
        'Content-Range': range,
        Connection: 'close',
      }
      using wire = await dial(site.port)
      wire.send(headOf({ target, headers }))
      for (const chunk of [...chunks, '']) wire.send(`${chunk.length.toString(16)}\r\n${chunk}\r\n`)
      return replyIn(await wire.ended)
    }
    assertRefused(await chunked('bytes 0-3/10', '0123', '4'), 400, 'bad-request')
    assertStored(await ask(site.port, question(put)), 0)
    assertStored(await chunked('bytes 0-5/10', '01', '23'), 4)
    assertRefused(await chunked('bytes 4-9/10', '456789', 'x'), 400, 'bad-request')
    assertStored(await ask(site.port, question(put)), 4)
    assert.equal((await chunked('bytes 4-9/10', '456', '789')).status, 201)
    assert.equal((await contentOf(site, PATH)).toString(), '0123456789')
  })
})

test('a piece without a right to the slot disturbs nobody', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, randomBytes(100_000))
  using wire = await halfSent(site, piece(put, 0, 100_000), '127.0.0.2')
  const stranger = signedPut(PATH, put.body, { secret: 'not the key of this server' })
  assertRefused(await ask(site.port, question(stranger)), 403, 'grant-invalid')
  wire.send(put.body.subarray(50_000))
  await wire.until('HTTP/1.1 201 ')
})

describe('digests of pieces', () => {
  const OTHER = digest(Buffer.from('other bytes'))

  test('a piece that is not its Content-Digest is refused, and the offset stays', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(100_000))
    const pieces = [piece(put, 0, 40_000), piece(put, 40_000, 100_000)]
    for (const [index, sent] of pieces.entries()) {
      const wrong = having(sent, { 'Content-Digest': OTHER })
      assertRefused(await ask(site.port, wrong), 400, 'digest-mismatch')
      assertStored(await ask(site.port, question(put)), index * 40_000)
      const right = having(sent, { 'Content-Digest': digest(sent.body) })
      assert.equal((await ask(site.port, right)).status, index === 0 ? 308 : 201)
    }
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('a file that is not its Repr-Digest, told with its first piece or its last, is not published', async () => {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const put = signedPut(PATH, randomBytes(100_000))
    for (const told of [0, 1]) {
      const [first, last] = [piece(put, 0, 40_000), piece(put, 40_000, 100_000)].map(
        (sent, index) => (index === told ? having(sent, { 'Repr-Digest': OTHER }) : sent),
      )
      assert.ok(first !== undefined && last !== undefined)
      assertStored(await ask(site.port, first), 40_000)
      assertRefused(await ask(site.port, last), 400, 'digest-mismatch')
      assert.notEqual((await ask(site.port, get(PATH))).status, 200)
      assertStored(await ask(site.port, question(put)), 0)
    }
    assert.equal((await ask(site.port, put)).status, 201, 'the slot can be used again')
  })

  test('the digest that is wanted is of the whole file, restarts included', async () => {
    await using before = await startSite()
    const put = signedPut(PATH, randomBytes(100_000))
    const right = { 'Repr-Digest': digest(put.body, 'sha-512'), 'Want-Repr-Digest': 'sha-256=1' }
    const first = await ask(before.port, having(piece(put, 0, 40_000), right))
    assertStored(first, 40_000)
    assert.equal(first.headers['repr-digest'], undefined, 'there is no file yet')
    await before.server.shutdown()
    await using site = await startSite([], { folder: before.folder })
    const { status, headers } = await ask(site.port, having(piece(put, 40_000, 100_000), right))
    assert.deepEqual([status, headers['repr-digest']], [201, digest(put.body)])
  })

  test('of a finished file are told and checked as well', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(100_000))
    await ask(site.port, put)
    for (const request of [piece(put, 4, 10), piece(put, 0, 100_000), question(put)]) {
      const again = await ask(site.port, having(request, { 'Want-Repr-Digest': 'sha-256=1' }))
      assert.deepEqual([again.status, again.headers['repr-digest']], [201, digest(put.body)])
      const wrong = having(request, { 'Repr-Digest': OTHER })
      assertRefused(await ask(site.port, wrong), 400, 'digest-mismatch')
    }
    const other = having(piece(put, 4, 10), { 'Content-Digest': OTHER })
    assertRefused(await ask(site.port, other), 400, 'digest-mismatch')
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })
})
