import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Scheme } from '../../src/core/grant.ts'
import { REFUSALS } from '../../src/core/refusals.ts'
import { SECRETS, auditOf, eventually, filesBelow, startSite } from './site.ts'
import { get, signedDelete, signedPut } from './slots.ts'
import { contentOf, halfSent, metricsOf } from './visits.ts'
import { type Reply, ask, dial, headOf, replyIn } from './wire-client.ts'

const PATH = 'a1b2/photo of you.jpg'
const MINUTE = 60_000

function assertRefused(reply: Reply, status: number, code: string): void {
  assert.deepEqual([reply.status, reply.code], [status, code], reply.body.toString())
  assert.equal(reply.headers['cache-control'], 'no-store')
}

describe('an upload', () => {
  for (const scheme of ['v1', 'v2', 'v3', 'token', 'jwt', 'bearer'] satisfies Scheme[]) {
    test(`by ${scheme} ends in 201 with an empty body, the GET URL and an ETag`, async () => {
      await using site = await startSite(['server.public_url=https://files.example/up/'])
      const put = signedPut(PATH, 'hello', { scheme, prefix: '/up/' })
      const { status, headers, body } = await ask(site.port, put)
      assert.deepEqual([status, body.length, headers['content-length']], [201, 0, '0'])
      assert.equal(headers['location'], 'https://files.example/up/a1b2/photo%20of%20you.jpg')
      const target = new URL(headers['location']).pathname
      const download = await ask(site.port, { method: 'GET', target })
      assert.equal(download.body.toString(), 'hello')
      assert.match(headers['etag'] ?? '', /^"[^"]+"$/u)
      assert.equal(download.headers['etag'], headers['etag'])
    })
  }

  test('of no bytes at all is a file of no bytes', async () => {
    await using site = await startSite()
    assert.equal((await ask(site.port, signedPut('a/empty.txt', ''))).status, 201)
    assert.equal((await contentOf(site, 'a/empty.txt')).length, 0)
  })

  test('that is cut publishes nothing, and its bytes are kept', async () => {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const put = signedPut(PATH, randomBytes(100_000))
    using wire = await halfSent(site, put, '127.0.0.2')
    wire.socket.destroy()
    assert.equal((await site.logged('upload interrupted'))['kept'], 50_000)
    const { status, headers } = await ask(site.port, get(PATH))
    assert.deepEqual([status, Number(headers['retry-after']) > 0], [503, true])
    const sizes = [...(await filesBelow(site.config.storage.url.folder)).values()]
    assert.deepEqual(sizes, [50_000])
    assert.equal((await ask(site.port, put)).status, 201, 'the slot can still be used')
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })
})

describe('a newer PUT of the same slot', () => {
  test('takes the place of one that is alive, whose connection ends unanswered', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(20_000_000))
    using older = await halfSent(site, put, '127.0.0.2')
    const newer = ask(site.port, { ...put, from: '127.0.0.3' })
    // It never stops to send: nothing but the newer request ends it.
    const sending = setInterval(() => older.send('x'), 1)
    assert.equal((await older.ended).length, 0)
    clearInterval(sending)
    assert.equal((await newer).status, 201)
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('takes the place of one whose client vanished without a word, long before a time-out', async () => {
    await using site = await startSite(['http.body_idle=10m'])
    const put = signedPut(PATH, randomBytes(1_000_000))
    using older = await halfSent(site, put, '127.0.0.2')
    const began = performance.now()
    const { status } = await ask(site.port, { ...put, from: '127.0.0.3' })
    assert.equal(status, 201)
    // The shortest limit that could have freed the slot is ten minutes.
    assert.ok(performance.now() - began < MINUTE)
    assert.equal((await older.ended).length, 0, 'answered')
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('leaves the takeover, with both addresses, in the audit trail', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(10_000))
    using _older = await halfSent(site, put, '127.0.0.2')
    await ask(site.port, { ...put, from: '127.0.0.3' })
    await site.server.shutdown()
    const takeover = (await auditOf(site.folder)).find(({ event }) => event === 'takeover')
    assert.deepEqual([takeover?.['from'], takeover?.['address']], ['127.0.0.2', '127.0.0.3'])
  })

  test('without a right to the slot disturbs nobody', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(10_000))
    using older = await halfSent(site, put, '127.0.0.2')
    const stranger = signedPut(PATH, put.body, { secret: 'not the key of this server' })
    assertRefused(await ask(site.port, stranger), 403, 'grant-invalid')
    older.send(put.body.subarray(5_000))
    await older.until('HTTP/1.1 201 ')
  })

  test('waits for one that has sent its last byte, and is answered as a repeat', async () => {
    await using site = await startSite(['storage.fsync=ack'])
    for (let round = 0; round < 10; round += 1) {
      const put = signedPut(`round/${round}`, randomBytes(2_000_000))
      using newer = await dial(site.port, '127.0.0.3')
      using older = await halfSent(site, put, '127.0.0.2')
      const parts = join(site.config.storage.url.folder, 'parts')
      const [part = ''] = (await filesBelow(parts)).keys()
      older.send(put.body.subarray(1_000_000))
      while (statSync(part).size < put.body.length) await new Promise(setImmediate)
      newer.send(headOf(put))
      newer.send(put.body)
      await Promise.all([older.until('HTTP/1.1 201 '), newer.until('HTTP/1.1 201 ')])
    }
    await site.server.shutdown()
    const events = (await auditOf(site.folder)).map(({ event }) => event)
    const counts = Object.groupBy(events, String)
    assert.deepEqual([counts['takeover'], counts['interrupted']], [undefined, undefined])
    assert.deepEqual([counts['published']?.length, counts['repeated']?.length], [10, 10])
  })
})

describe('a PUT of a finished slot', () => {
  test('with the same bytes is answered like the first one, and writes nothing', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(300_000))
    const first = await ask(site.port, put)
    const before = [...(await filesBelow(site.config.storage.url.folder)).keys()]
    const again = await ask(site.port, { ...put, from: '127.0.0.3' })
    assert.deepEqual([again.status, again.body.length], [201, 0])
    for (const name of ['location', 'etag']) assert.equal(again.headers[name], first.headers[name])
    const after = [...(await filesBelow(site.config.storage.url.folder)).keys()]
    assert.deepEqual(after, before)
  })

  test('with other bytes is 409, and the file stays as it was', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'the first')
    await ask(site.port, put)
    assertRefused(await ask(site.port, signedPut(PATH, 'the other')), 409, 'slot-conflict')
    assert.equal((await contentOf(site, PATH)).toString(), 'the first')
  })

  test('with another size is 409, and the file stays as it was', async () => {
    await using site = await startSite()
    await ask(site.port, signedPut(PATH, 'the first'))
    assertRefused(await ask(site.port, signedPut(PATH, 'longer than that')), 409, 'slot-conflict')
    assert.equal((await contentOf(site, PATH)).toString(), 'the first')
  })

  test('whose file was deleted is 409 slot-spent, and its GET is 404', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello', { scheme: 'token' })
    await ask(site.port, put)
    const removed = await ask(site.port, signedDelete(PATH))
    assert.deepEqual([removed.status, removed.body.length], [204, 0])
    assertRefused(await ask(site.port, put), 409, 'slot-spent')
    assert.equal((await ask(site.port, get(PATH))).status, 404)
    assertRefused(await ask(site.port, signedDelete(PATH)), 404, 'not-found')
    assert.equal((await filesBelow(site.config.storage.url.folder)).size, 0)
  })

  test('is answered after the grant expired: nothing is written any more', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
    await using site = await startSite()
    const put = signedPut(PATH, 'hello', { scheme: 'jwt' })
    await ask(site.port, put)
    t.mock.timers.setTime(systemClock() + 120 * MINUTE)
    assert.equal((await ask(site.port, put)).status, 201)
  })
})

describe('Expect: 100-continue', () => {
  test('is answered with 100 once the request is authorised, before a byte of the body', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    using wire = await dial(site.port)
    wire.send(headOf({ ...put, headers: { Expect: '100-continue' } }))
    await wire.until('HTTP/1.1 100 Continue\r\n\r\n')
    wire.send(put.body)
    await wire.until('HTTP/1.1 201 ')
  })

  test('of a refused request is answered with the refusal, never with 100', async () => {
    await using site = await startSite(['storage.max_file_size=10'])
    const puts = [
      signedPut(PATH, 'hello', { secret: 'not the key of this server' }),
      signedPut(PATH, 'hello, this is too long'),
    ]
    for (const put of puts) {
      using wire = await dial(site.port)
      wire.send(headOf({ ...put, headers: { Expect: '100-continue' } }))
      const received = (await wire.ended).toString()
      assert.match(received, /^HTTP\/1\.1 4(?:03|13) /u)
      assert.ok(!received.includes('100 Continue'))
    }
  })
})

describe('a credential', () => {
  test('that is missing is 401 with WWW-Authenticate, and session ids are none', async () => {
    await using site = await startSite()
    for (const query of ['', '?session=abc&sid=def', '?v=']) {
      const put = { target: `/${query}`.replace('/', '/a/b.txt'), body: 'hello' }
      const reply = await ask(site.port, put)
      assertRefused(reply, 401, 'no-credential')
      assert.equal(reply.headers['www-authenticate'], 'Bearer')
    }
    const { target, body } = signedPut(PATH, 'hello')
    const named = await ask(site.port, { target: `${target}&session_id=abc`, body })
    assertRefused(named, 400, 'query-session')
    assert.ok(!JSON.stringify(named.headers).includes('abc'))
  })

  test('that expired is 403 grant-expired, by any scheme that signs a time', async () => {
    await using site = await startSite()
    const expiresAt = systemClock() - 2 * MINUTE
    for (const scheme of ['jwt', 'v3', 'bearer'] satisfies Scheme[]) {
      const put = signedPut(`${scheme}/late.txt`, 'hello', { scheme, expiresAt })
      assertRefused(await ask(site.port, put), 403, 'grant-expired')
    }
  })

  test('that is wrong is 403 with one text for all causes', async () => {
    await using site = await startSite()
    const right = signedPut(PATH, 'hello')
    const causes = {
      'another secret': signedPut(PATH, 'hello', { secret: SECRETS.v2 }),
      'another path': { ...right, target: right.target.replace('a1b2', 'c3d4') },
      'another size': { ...right, body: 'hello world' },
      'another scheme': { ...right, target: right.target.replace('?v=', '?v2=') },
      'no MAC at all': { ...right, target: right.target.replace(/v=.*/u, 'v=xyz') },
      'given twice': { ...right, target: `${right.target}&v=0` },
      'a JWT of another key': signedPut(PATH, 'hello', { scheme: 'jwt', secret: SECRETS.v1 }),
      'a JWT for another path': {
        ...right,
        target: '/c3d4/photo.jpg',
        headers: signedPut(PATH, 'hello', { scheme: 'jwt' }).headers,
      },
    }
    const bodies = new Set<string>()
    for (const [cause, put] of Object.entries(causes)) {
      const reply = await ask(site.port, put)
      assert.deepEqual([reply.status, reply.code], [403, 'grant-invalid'], cause)
      bodies.add(reply.body.toString())
    }
    assert.equal(bodies.size, 1)
  })

  test('that is wrong shows its signed string in the log, but neither MAC nor secret', async () => {
    await using site = await startSite(['log.level=info'])
    for (const scheme of ['v1', 'v2', 'v3', 'token', 'jwt', 'bearer'] satisfies Scheme[]) {
      const secret = 'not the key of this server'
      const put = signedPut(PATH, 'hello', { scheme, secret })
      await ask(site.port, put)
      const shown = [...put.target.matchAll(/[\da-f]{64}/gu)].map(([mac]) => mac)
      const token = put.headers['Authorization']?.replace('Bearer ', '')
      for (const text of [...shown, ...(token === undefined ? [] : [token])])
        assert.ok(!site.log().includes(text), `${scheme}: ${text}`)
    }
    assert.ok(site.log().includes(`"signed":"${PATH} 5"`), site.log())
    for (const secret of Object.values(SECRETS)) assert.ok(!site.log().includes(secret))
    assert.ok(site.log().includes(REFUSALS['grant-invalid'].text))
  })
})

describe('the length of an upload', () => {
  test('beyond what the server takes is 413, before the body', async () => {
    await using site = await startSite(['storage.max_file_size=1000'])
    const put = signedPut(PATH, randomBytes(1001))
    using wire = await dial(site.port)
    wire.send(headOf(put))
    assertRefused(replyIn(await wire.ended), 413, 'file-too-large')
  })

  test('beyond what a JWT allows is 413, below it 400', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello', { scheme: 'jwt' })
    assertRefused(await ask(site.port, { ...put, body: 'hello world' }), 413, 'file-too-large')
    assertRefused(await ask(site.port, { ...put, body: 'hell' }), 400, 'size-mismatch')
  })

  test('must be stated: a chunked body is 411', async () => {
    await using site = await startSite()
    const { target } = signedPut(PATH, 'hello')
    const headers = { 'Transfer-Encoding': 'chunked' }
    using wire = await dial(site.port)
    wire.send(`${headOf({ target, headers })}5\r\nhello\r\n0\r\n\r\n`)
    assertRefused(replyIn(await wire.ended), 411, 'length-required')
  })

  test('does not matter when the disk is as good as full: 507, while downloads go on', async () => {
    await using home = await startSite()
    await ask(home.port, signedPut(PATH, 'hello'))
    await home.server.shutdown()
    await using site = await startSite(['storage.min_free=8000 TB'], { folder: home.folder })
    assertRefused(await ask(site.port, signedPut('c/d.txt', 'hello')), 507, 'disk-full')
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })
})

test('where uploads cannot go on, a PUT with Content-Range is 400, a POST 405 with what is allowed', async () => {
  await using site = await startSite(['network_resilience.upload_resumption=false'])
  const put = signedPut(PATH, 'hello')
  const headers = { 'Content-Range': 'bytes 0-4/10' }
  assertRefused(await ask(site.port, { ...put, headers }), 400, 'range-not-supported')
  const post = await ask(site.port, { ...put, method: 'POST' })
  assertRefused(post, 405, 'method-not-allowed')
  assert.equal(post.headers['allow'], 'GET, HEAD, OPTIONS, PUT, DELETE')
})

describe('a reader who is too early', () => {
  test('waits for the end of the upload, and gets the file', async () => {
    await using site = await startSite([
      'downloads.wait_for_upload=60s',
      'admin.listen=127.0.0.1:0',
    ])
    const put = signedPut(PATH, randomBytes(100_000))
    using writer = await halfSent(site, put, '127.0.0.2')
    const reader = ask(site.port, get(PATH))
    await eventually(async () => (await metricsOf(site)).includes('\nhfs_waiting_readers 1\n'))
    writer.send(put.body.subarray(50_000))
    const { status, body } = await reader
    assert.equal(status, 200)
    assert.ok(body.equals(put.body))
  })

  test('is told to come back when it takes too long, with an empty body', async () => {
    await using site = await startSite(['downloads.wait_for_upload=10ms'])
    using _writer = await halfSent(site, signedPut(PATH, randomBytes(100_000)), '127.0.0.2')
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await ask(site.port, { ...get(PATH), method })
      assert.deepEqual([status, headers['retry-after'], body.length], [503, '5', 0])
    }
    assert.equal((await ask(site.port, get('never/granted.txt'))).status, 404)
  })
})

test('a refusal reaches a client that goes on sending', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, 'hello', { secret: 'not the key of this server' })
  using wire = await dial(site.port)
  wire.send(headOf({ ...put, headers: { 'Content-Length': '50000000' } }))
  for (let sent = 0; sent < 20; sent += 1) {
    if (!wire.socket.write(Buffer.alloc(512 * 1024))) await once(wire.socket, 'drain')
  }
  const reply = replyIn(await wire.ended)
  assertRefused(reply, 403, 'grant-invalid')
  assert.equal(reply.headers['connection'], 'close')
  // A reset would have destroyed it.
  assert.equal(wire.socket.writable, true)
})

describe('a shutdown', () => {
  test('lets a running upload finish within the grace', async () => {
    await using site = await startSite(['server.shutdown_grace=1h'])
    const put = signedPut(PATH, randomBytes(100_000))
    using writer = await halfSent(site, put, '127.0.0.2')
    const down = site.server.shutdown()
    await assert.rejects(dial(site.port), /ECONNREFUSED/u)
    writer.send(put.body.subarray(50_000))
    await writer.until('HTTP/1.1 201 ')
    await down
    await using again = await startSite([], { folder: site.folder })
    assert.ok((await contentOf(again, PATH)).equals(put.body))
  })

  test('answers a new request on a kept connection with 503 and Retry-After: 0', async () => {
    await using site = await startSite(['server.shutdown_grace=1h'])
    const put = signedPut(PATH, randomBytes(100_000))
    using writer = await halfSent(site, put, '127.0.0.2')
    using kept = await dial(site.port)
    kept.send(headOf(get('a/b.txt')))
    await kept.until('HTTP/1.1 404 ')
    kept.send('GET /a/b.txt HTTP/1.1\r\n')
    // Whatever was sent before this answer was read by the server.
    await ask(site.port, get('a/b.txt'))
    const down = site.server.shutdown()
    kept.send('Host: files.example\r\n\r\n')
    assert.match((await kept.ended).toString(), /HTTP\/1\.1 503 [^]*retry-after: 0\r\n/iu)
    writer.send(put.body.subarray(50_000))
    await down
  })
})
