import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { downloadServer, type Reply } from './download-server.ts'

const CSP =
  "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
const DAY = 86_400_000

/** What must be the same in the answers to HEAD and GET. */
function comparable({ headers }: Reply): Record<string, unknown> {
  const { date: _date, ...rest } = headers
  return rest
}

describe('a published file', () => {
  test('D21: comes whole, with validators, length and a bound on caching', async () => {
    await using server = await downloadServer()
    const file = await server.publish('id/photo.png', { bytes: 'hello', type: 'image/png' })
    const reply = await server.ask('id/photo.png')
    assert.equal(reply.status, 200)
    assert.equal(reply.body.toString(), 'hello')
    assert.equal(reply.headers['content-length'], '5')
    assert.equal(reply.headers['content-type'], 'image/png')
    assert.equal(reply.headers['accept-ranges'], 'bytes')
    assert.equal(reply.headers['etag'], `"${file.id}"`)
    assert.equal(reply.headers['last-modified'], new Date(server.clock.now).toUTCString())
    assert.equal(reply.headers['cache-control'], 'public, max-age=31536000, immutable')
  })

  test('HEAD answers as GET does, without the body', async () => {
    await using server = await downloadServer()
    await server.publish('id/a', { bytes: 'hello' })
    const head = await server.ask('id/a', { method: 'HEAD', headers: { range: 'bytes=0-1' } })
    const get = await server.ask('id/a')
    assert.equal(head.status, 200)
    assert.equal(head.body.length, 0)
    assert.deepEqual(comparable(head), comparable(get))
  })

  test('without a byte is a file too, whatever range is asked of it', async () => {
    await using server = await downloadServer()
    await server.publish('id/empty', { bytes: '' })
    for (const headers of [{}, { range: 'bytes=0-' }, { range: 'bytes=-5' }]) {
      const reply = await server.ask('id/empty', { headers })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['content-length'], '0')
    }
  })

  test('may be cached until it expires, and never longer', async () => {
    await using server = await downloadServer()
    const expiresAt = server.clock.now + DAY
    await server.publish('id/a', { bytes: 'x', expiresAt })
    const maxAge = async (): Promise<unknown> => (await server.ask('id/a')).headers['cache-control']
    assert.equal(await maxAge(), 'public, max-age=86400, immutable')
    server.clock.now = expiresAt - 1500
    assert.equal(await maxAge(), 'public, max-age=1, immutable')
    server.clock.now = expiresAt
    assert.equal((await server.ask('id/a')).status, 404)
  })

  test('comes in as many pieces as it takes', async () => {
    await using server = await downloadServer()
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 17, 'abcdefg')
    await server.publish('id/large', { bytes })
    const reply = await server.ask('id/large')
    assert.ok(reply.body.equals(bytes))
    const tail = await server.ask('id/large', { headers: { range: 'bytes=1000000-' } })
    assert.equal(tail.status, 206)
    assert.ok(tail.body.equals(bytes.subarray(1_000_000)))
  })

  test('OPTIONS is 200 for any path, and any origin may ask', async () => {
    await using server = await downloadServer()
    const reply = await server.ask('id/unknown', { method: 'OPTIONS' })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['access-control-allow-origin'], '*')
    assert.match(String(reply.headers['access-control-allow-headers']), /Range/u)
  })

  test('another method is refused with the methods that are not', async () => {
    await using server = await downloadServer()
    const reply = await server.ask('id/a', { method: 'TRACE' })
    assert.equal(reply.status, 405)
    assert.equal(reply.headers['allow'], 'GET, HEAD, OPTIONS')
  })
})

describe('D19: what is no published file', () => {
  const HIDDEN = [
    '.hidden',
    'id/.htaccess',
    'state.sqlite',
    '%2e%2e%5cetc',
    '-/x',
    'parts/0',
    'files/0',
  ]
  for (const path of HIDDEN) {
    test(`D19: ${path} is not readable: 404, empty, not to be stored`, async () => {
      await using server = await downloadServer()
      await server.publish('id/a', { bytes: 'secret' })
      const reply = await server.ask(path)
      assert.equal(reply.status, 404)
      assert.equal(reply.body.length, 0)
      assert.equal(reply.headers['content-length'], '0')
      assert.equal(reply.headers['cache-control'], 'no-store')
    })
  }

  for (const path of ['../a', 'id/../../etc/passwd', 'id%2fa', 'id//a', '%00', '%ff']) {
    test(`D19: ${path} is no path at all`, async () => {
      await using server = await downloadServer()
      assert.equal((await server.ask(path)).status, 400)
    })
  }

  test('D19: a HEAD of it carries no Content-Length', async () => {
    await using server = await downloadServer()
    const reply = await server.ask('id/nothing', { method: 'HEAD' })
    assert.equal(reply.status, 404)
    assert.equal(reply.headers['content-length'], undefined)
    assert.equal(reply.headers['cache-control'], 'no-store')
  })

  test('D19: a stored blob cannot be read by its name in the storage folder', async () => {
    await using server = await downloadServer()
    const file = await server.publish('id/a', { bytes: 'x' })
    for (const path of [file.id, String(server.engine.location(file))]) {
      assert.equal((await server.ask(path)).status, 404)
    }
  })
})

describe('D20: a file that could run in a browser', () => {
  const DANGEROUS = ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'application/pdf']
  for (const type of [...DANGEROUS, 'text/xml', 'text/javascript']) {
    test(`D20: ${type} is sent as an attachment that nobody sniffs`, async () => {
      await using server = await downloadServer()
      await server.publish('id/x.html', { bytes: '<script>', type })
      const { headers } = await server.ask('id/x.html')
      assert.equal(headers['content-disposition'], 'attachment; filename=x.html')
      assert.equal(headers['content-type'], type)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['content-security-policy'], CSP)
      assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
    })
  }

  test('D20: a type that is none is served as octets', async () => {
    await using server = await downloadServer()
    await server.publish('id/x', { bytes: '<script>', type: 'text/html\u0001' })
    const { headers } = await server.ask('id/x')
    assert.equal(headers['content-type'], 'application/octet-stream')
  })

  test('D20: a partial answer is guarded like a whole one', async () => {
    await using server = await downloadServer()
    await server.publish('id/x', { bytes: '<script>', type: 'text/html' })
    for (const range of ['bytes=0-3', 'bytes=0-1,4-5']) {
      const { status, headers } = await server.ask('id/x', { headers: { range } })
      assert.equal(status, 206)
      assert.equal(headers['content-disposition'], 'attachment; filename=x')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['content-security-policy'], CSP)
    }
  })
})

describe('D21: ranges and conditions', () => {
  test('D21: one range is 206 with its place in the file', async () => {
    await using server = await downloadServer()
    await server.publish('id/a', { bytes: '0123456789' })
    const reply = await server.ask('id/a', { headers: { range: 'bytes=4-' } })
    assert.equal(reply.status, 206)
    assert.equal(reply.headers['content-range'], 'bytes 4-9/10')
    assert.equal(reply.headers['content-length'], '6')
    assert.equal(reply.body.toString(), '456789')
  })

  test('D21: a range beyond the file is 416 with the size', async () => {
    await using server = await downloadServer()
    await server.publish('id/a', { bytes: '0123456789' })
    const reply = await server.ask('id/a', { headers: { range: 'bytes=10-' } })
    assert.equal(reply.status, 416)
    assert.equal(reply.headers['content-range'], 'bytes */10')
    assert.equal(reply.headers['content-length'], '0')
    assert.equal(reply.headers['cache-control'], 'no-store')
  })

  test('D21: a copy that is still good is 304 without a body', async () => {
    await using server = await downloadServer()
    const { id } = await server.publish('id/a', { bytes: 'x' })
    const reply = await server.ask('id/a', { headers: { 'if-none-match': `"y", W/"${id}"` } })
    assert.equal(reply.status, 304)
    assert.equal(reply.headers['etag'], `"${id}"`)
    assert.equal(reply.headers['content-length'], undefined)
    assert.match(String(reply.headers['cache-control']), /^public, max-age=/u)
  })

  test('D21: a condition that fails is 412', async () => {
    await using server = await downloadServer()
    await server.publish('id/a', { bytes: 'x' })
    const reply = await server.ask('id/a', { headers: { 'if-match': '"other"' } })
    assert.equal(reply.status, 412)
    assert.equal(reply.body.length, 0)
  })

  test('D21: If-Range with another validator gets the whole file', async () => {
    await using server = await downloadServer()
    const { id } = await server.publish('id/a', { bytes: '0123456789' })
    const ask = async (ifRange: string): Promise<number> =>
      (await server.ask('id/a', { headers: { range: 'bytes=4-', 'if-range': ifRange } })).status
    assert.equal(await ask(`"${id}"`), 206)
    assert.equal(await ask('"other"'), 200)
    assert.equal(await ask(new Date(server.clock.now).toUTCString()), 206)
    assert.equal(await ask(new Date(server.clock.now - 1000).toUTCString()), 200)
  })

  test('D21: whatever is asked, every byte of the answer is where it says', async () => {
    await using server = await downloadServer()
    const member = fc.oneof(
      fc.tuple(fc.nat(80), fc.nat(80)).map(([first, more]) => `${first}-${first + more}`),
      fc.nat(80).map((first) => `${first}-`),
      fc.nat(80).map((suffix) => `-${suffix}`),
    )
    const members = fc.array(member, { minLength: 1, maxLength: 6 })
    let files = 0
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), members, async (content, ranges) => {
        const bytes = Buffer.from(content)
        const path = `id/${(files += 1)}`
        await server.publish(path, { bytes })
        const reply = await server.ask(path, { headers: { range: `bytes=${ranges.join(',')}` } })
        assertObeys(reply, bytes)
      }),
      { numRuns: 60 },
    )
  })
})

/** Whether the answer to some `Range` is one that RFC 9110 §14 and §15.3.7 allow for the file. */
function assertObeys(reply: Reply, file: Buffer): void {
  const { status, headers, body } = reply
  assert.equal(headers['content-length'], String(body.length))
  if (status === 200) {
    assert.ok(body.equals(file))
  } else if (status === 416) {
    assert.equal(headers['content-range'], `bytes */${file.length}`)
  } else {
    assert.equal(status, 206)
    for (const [place, part] of partsOf(reply)) {
      const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/u.exec(place) ?? []
      assert.equal(Number(size), file.length)
      assert.ok(Number(last) < file.length)
      assert.ok(part.equals(file.subarray(Number(first), Number(last) + 1)))
    }
  }
}

function partsOf({ headers, body }: Reply): [place: string, part: Buffer][] {
  const boundary = /^multipart\/byteranges; boundary=(.+)$/u.exec(
    headers['content-type'] ?? '',
  )?.[1]
  if (boundary === undefined) return [[String(headers['content-range']), body]]
  assert.equal(headers['content-range'], undefined)
  const text = `\r\n${body.toString('latin1')}`
  const pieces = text.split(`\r\n--${boundary}`)
  assert.equal(pieces.at(-1), '--\r\n')
  assert.ok(pieces.length > 3, 'a multipart answer has at least two parts')
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf('\r\n\r\n')
    const place = /^Content-Range: (.+)$/mu.exec(piece.slice(0, end))?.[1]?.trim()
    return [String(place), Buffer.from(piece.slice(end + 4), 'latin1')]
  })
}

describe('a file that is still being uploaded', () => {
  test('is waited for: readers get it as soon as it is there', async () => {
    await using server = await downloadServer({ waitForUpload: 20_000 })
    const upload = await server.upload('id/a', { bytes: 'he', size: 5 })
    const get = server.ask('id/a')
    const head = server.ask('id/a', { method: 'HEAD' })
    await server.waiting(2)
    await upload.finish('llo')
    assert.equal((await get).status, 200)
    assert.equal((await get).body.toString(), 'hello')
    assert.equal((await head).status, 200)
    assert.equal((await head).headers['content-length'], '5')
  })

  test('is 503 with Retry-After, not 404, when the wait is over', async () => {
    await using server = await downloadServer({ waitForUpload: 20 })
    await using _upload = await server.upload('id/a', { bytes: 'he', size: 5 })
    const reply = await server.ask('id/a')
    assert.equal(reply.status, 503)
    assert.equal(reply.headers['retry-after'], '5')
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.equal(reply.headers['content-length'], '0')
    const head = await server.ask('id/a', { method: 'HEAD' })
    assert.equal(head.status, 503)
    assert.equal(head.headers['content-length'], undefined)
  })

  test('is 503 at once when no byte came for 30 seconds, or none at all', async () => {
    await using server = await downloadServer({ waitForUpload: 60_000 })
    await using _stalled = await server.upload('id/a', { bytes: 'he', size: 5 })
    await using _silent = await server.upload('id/b', { bytes: '', size: 5 })
    server.clock.now += 30_001
    assert.equal((await server.ask('id/a')).status, 503)
    assert.equal((await server.ask('id/b')).status, 503)
  })

  test('is 503 at once where waiting is switched off', async () => {
    await using server = await downloadServer({ waitForUpload: 0 })
    await using _upload = await server.upload('id/a', { bytes: 'he', size: 5 })
    assert.equal((await server.ask('id/a')).status, 503)
  })

  test('holds four readers; a fifth is sent away, and one that leaves frees its place', async () => {
    await using server = await downloadServer({ waitForUpload: 60_000 })
    const upload = await server.upload('id/a', { bytes: 'he', size: 5 })
    const leaving = new AbortController()
    const left = assert.rejects(server.ask('id/a', { signal: leaving.signal }))
    const readers = [1, 2, 3].map(async () => await server.ask('id/a'))
    await server.waiting(4)
    assert.equal((await server.ask('id/a')).status, 503)
    leaving.abort()
    await left
    await server.waiting(3)
    readers.push(server.ask('id/a'))
    await server.waiting(4)
    await upload.finish('llo')
    for (const reader of readers) assert.equal((await reader).body.toString(), 'hello')
  })
})

describe('a proxy that sends the bytes itself', () => {
  const accel = { header: 'X-Accel-Redirect', prefix: '/internal/' }

  test('is told where they are, and gets no length for a body that does not come', async () => {
    await using server = await downloadServer({ accel, accelAbove: 5 })
    const file = await server.publish('id/a.pdf', { bytes: 'hello', type: 'application/pdf' })
    for (const method of ['GET', 'HEAD']) {
      const headers = { range: 'bytes=1-2', 'if-match': '"the proxy\'s own"' }
      const reply = await server.ask('id/a.pdf', { method, headers })
      assert.equal(reply.status, 200)
      assert.equal(reply.body.length, 0)
      const place = String(server.engine.location(file))
      assert.equal(reply.headers['x-accel-redirect'], `/internal/${place}`)
      assert.equal(reply.headers['content-length'], method === 'GET' ? '0' : undefined)
      assert.equal(reply.headers['content-range'], undefined)
      assert.equal(reply.headers['accept-ranges'], undefined)
      assert.equal(reply.headers['content-type'], 'application/pdf')
      assert.equal(reply.headers['content-disposition'], 'attachment; filename=a.pdf')
      assert.equal(reply.headers['content-security-policy'], CSP)
    }
  })

  test('gets small files from us, which is faster', async () => {
    await using server = await downloadServer({ accel })
    await server.publish('id/a', { bytes: 'hello' })
    const reply = await server.ask('id/a')
    assert.equal(reply.headers['x-accel-redirect'], undefined)
    assert.equal(reply.body.toString(), 'hello')
  })
})
