/**
 * Defects of a server this one replaces, each shown not to be here: D0 and so on are their names
 * in its review.
 */
import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Scheme } from '../../src/core/grant.ts'
import { BODY, goOn, last, opened, opening, stopClock } from './bound-uploads.ts'
import { head } from './rufh-client.ts'
import { PUBLIC_URL, askProved, challengeIn, freshChallenge, proved } from './session-client.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { SECRETS, type Site, auditOf, filesBelow, startSite, stored } from './site.ts'
import { get, signedDelete, signedPut } from './slots.ts'
import { type Reply, ask, dial, having, headOf, replyIn } from './wire-client.ts'

const SCHEMES: readonly Scheme[] = ['v1', 'v2', 'v3', 'token', 'jwt', 'bearer']
const METHODS = ['GET', 'HEAD', 'PUT', 'DELETE'] as const
const MINUTE = 60_000

function hex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex')
}

async function storedNames({ config }: Site): Promise<readonly string[]> {
  return [...(await filesBelow(config.storage.url.folder)).keys()]
}

/** What a path may try to say; nothing of it must lead anywhere. */
const TRAVERSALS: readonly string[] = [
  '..%2f..%2fetc%2fpasswd',
  '..%2F..%2F..%2Fetc%2Fhostname',
  'a/..%2f..%2fstate.db',
  '../state.db',
  '../../../../etc/passwd',
  'a/../../state.db',
  'a/./b.txt',
  './state.db',
  '%2e%2e/state.db',
  '%2e%2e/%2E%2E/etc/passwd',
  '.%2e/state.db',
  '%2e/state.db',
  'a/%2e%2e',
  '..',
  '.',
  '%2fetc/passwd',
  '/etc/passwd',
  'a//b.txt',
  'a/',
  'a%00.txt',
  'state.db%00.jpg',
  'a%0ab.txt',
  'a%7fb.txt',
  'a%c2%85b.txt',
  '%c0%ae%c0%ae/state.db',
  '%e0%80%ae%e0%80%ae/state.db',
  '..%c0%afstate.db',
  '..%c1%9cstate.db',
  '%ff%fe/state.db',
  '%ed%a0%80.txt',
  '%u002e%u002e/state.db',
  '%',
  '%zz.txt',
  `${'a'.repeat(2100)}.txt`,
]

describe('D0: a path never leads out of the store', () => {
  for (const prefix of ['/', '/up/load/']) {
    test(`below ${prefix}`, async () => {
      const site = await startSite([`server.public_url=https://files.example${prefix}`])
      await using _site = site
      await ask(site.port, signedPut('a/b.txt', 'hello', { prefix }))
      const before = [...(await filesBelow(site.folder)).keys()]
      for (const path of TRAVERSALS) {
        for (const method of METHODS) {
          const signed = `${decoded(path)} 5`
          const target = `${prefix}${path}?v=${hex(SECRETS.v1, signed)}`
          const body = method === 'PUT' ? { body: 'evil!' } : {}
          const { status } = await ask(site.port, { method, target, ...body })
          assert.equal(status, 400, `${method} ${target}`)
        }
      }
      assert.deepEqual([...(await filesBelow(site.folder)).keys()], before)
    })
  }

  test('not even by leaving the public prefix', async () => {
    await using site = await startSite(['server.public_url=https://files.example/up/'])
    for (const target of [
      '/up/../up/a.txt',
      '/a.txt',
      '/up',
      '/UP/a.txt',
      '/%75p/a.txt',
      '//up/a',
    ]) {
      const { status } = await ask(site.port, { method: 'GET', target })
      assert.ok(status === 404 || status === 400, `${target}: ${status}`)
    }
    for (const target of ['*', 'up/a.txt', 'file:///etc/passwd', '\\up\\a']) {
      assert.equal((await ask(site.port, { method: 'GET', target })).status, 400, target)
    }
  })

  test('and a backslash is just a character of a name', async () => {
    await using site = await startSite()
    for (const name of ['back\\slash.txt', '..\\..\\state.db', 'C:\\x.txt', '...', '..hidden']) {
      const put = signedPut(`a/${name}`, name)
      assert.equal((await ask(site.port, put)).status, 201, put.target)
      assert.equal((await ask(site.port, get(`a/${name}`))).body.toString(), name)
    }
    assert.equal(
      (await ask(site.port, { method: 'GET', target: '/a/back%5Cslash.txt' })).status,
      200,
    )
    assert.equal(
      (await ask(site.port, { method: 'GET', target: '/a/back%5cslash.txt' })).status,
      200,
    )
  })
})

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

describe('D1: a change of network saves an upload instead of breaking it', () => {
  const MOVED = '127.0.1.2'

  test('of a client that has nothing but its grant', async () => {
    await using site = await startSite()
    const put = largePut()
    await cutUpload(site, put)
    assert.equal((await ask(site.port, { ...put, from: MOVED })).status, 201)
  })

  test('or tells what is missing, where the operator is strict', async (t) => {
    stopClock(t)
    await using site = await startSite(['security.unbound=strict'])
    const put = largePut()
    await cutUpload(site, put)
    const two = await ask(site.port, { ...put, from: MOVED })
    assert.deepEqual(
      [two.status, two.headers['x-security-level'], two.headers['x-auth-required']],
      [401, '2', 'challenge-response'],
    )
    challengeIn(two)
    goOn(t, 121 * MINUTE)
    const three = await ask(site.port, { ...put, from: MOVED })
    assert.deepEqual(
      [three.status, three.headers['x-security-level'], three.headers['x-auth-required']],
      [401, '3', 'full-authentication'],
    )
    assert.equal(three.headers['www-authenticate'], 'HMAC realm="upload"')
  })

  test('of a client with a session, which answers the challenge by itself', async () => {
    await using site = await startSite([PUBLIC_URL])
    const { target, session } = await opened(site)
    const named = { 'X-Session-ID': session.id }
    const asked = await ask(site.port, { ...head(target, 8, named), from: MOVED })
    assert.deepEqual([asked.status, asked.headers['x-security-level']], [401, '2'])
    const answered = { ...session, next: challengeIn(asked) }
    const { reply } = await askProved(site, { ...last(target), from: MOVED }, answered)
    assert.deepEqual([reply.status, reply.headers['x-security-level']], [201, '2'])
  })
})

describe('D2: a known session is no way around its grant', () => {
  const FORGED = { Authorization: 'Bearer AAAA' }

  test('for any file, with whatever token', async () => {
    await using site = await startSite([PUBLIC_URL])
    const { target, session } = await opened(site)
    const shown = { ...FORGED, 'X-Session-ID': session.id }
    for (const request of [
      { target: '/a/b.txt', headers: shown, body: BODY },
      { target: '/c/d.txt', headers: shown, body: BODY },
      { ...last(target), headers: { ...last(target).headers, ...shown } },
    ]) {
      for (const from of ['127.0.0.2', '127.0.1.2']) {
        const { status, code, headers } = await ask(site.port, { ...request, from })
        const isResource = request.target === target
        assert.deepEqual(
          [status, code],
          isResource ? [403, 'grant-invalid'] : [401, 'no-credential'],
        )
        assert.equal(headers['x-session-id'], undefined)
      }
    }
    assert.equal((await askProved(site, last(target), session)).reply.status, 201)
  })

  test('not even with its proof: that is no grant', async () => {
    await using site = await startSite([PUBLIC_URL])
    const { session } = await opened(site)
    const forged = { target: '/c/d.txt', headers: FORGED, body: BODY }
    const wrong = signedPut('c/d.txt', BODY, { secret: 'not the key of this server' })
    for (const [request, status] of [
      [forged, 401],
      [{ target: '/c/d.txt', body: BODY }, 401],
      [wrong, 403],
    ] as const) {
      const { reply } = await askProved(site, request, session)
      assert.equal(reply.status, status)
      assert.equal(reply.headers['x-next-challenge'], undefined)
    }
  })

  test('nor does it bring an expired one back', async (t) => {
    stopClock(t)
    await using site = await startSite([PUBLIC_URL])
    const put = signedPut('a/b.txt', BODY, { scheme: 'jwt', expiresAt: systemClock() + MINUTE })
    const { session } = await opened(site, opening(undefined, put))
    goOn(t, 10 * MINUTE)
    const named = { ...put.headers, 'X-Session-ID': session.id }
    const reply = await ask(site.port, { ...put, headers: named })
    assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
  })

  test('and nobody can guess or choose its id', async () => {
    await using site = await startSite([PUBLIC_URL])
    const ids = new Set<string>()
    for (let count = 0; count < 5; count += 1) {
      const put = signedPut(`a/${count}.txt`, BODY)
      const { session } = await opened(site, opening(undefined, put))
      assert.equal(Buffer.from(session.id, 'base64url').length, 32)
      ids.add(session.id)
    }
    assert.equal(ids.size, 5)
    const chosen = { 'X-Session-ID': 'sess_0123456789abcdef' }
    const reply = await ask(site.port, having(opening(undefined, signedPut('c/d', BODY)), chosen))
    assert.equal(reply.status, 401)
  })
})

test('D4: no header of a client names a file, and a stored name is a random one', async () => {
  await using site = await startSite()
  const put = signedPut('a/name.txt', 'hello')
  const headers = {
    'X-Filename': '../../evil',
    'X-Upload-Session-ID': '../evil',
    'Content-Disposition': 'attachment; filename="../evil"',
  }
  assert.equal((await ask(site.port, { ...put, headers })).status, 201)
  for (const method of ['POST', 'PUT']) {
    const chunk = { method, target: '/chunked-upload', headers, body: 'hello' }
    assert.ok((await ask(site.port, chunk)).status >= 400)
  }
  const names = [...(await filesBelow(site.folder)).keys()]
  assert.ok(!names.some((name) => /evil|name\.txt|chunk/u.test(name)), names.join('\n'))
  assert.match((await storedNames(site)).join('\n'), /\/files\/[\da-f]{2}\/[\w-]{22}$/u)
})

test('D5: a scheme without a secret of its own accepts nothing, least of all the empty key', async () => {
  const off = SCHEMES.filter((scheme) => scheme !== 'jwt')
  await using site = await startSite([], { secrets: ['jwt'] })
  for (const scheme of off) {
    for (const secret of ['', SECRETS.jwt]) {
      const { status } = await ask(
        site.port,
        signedPut(`${scheme}/a.txt`, 'hello', { scheme, secret }),
      )
      assert.equal(status, 403, scheme)
    }
  }
})

test('D6: every scheme downloads from where it uploads to, and equal names do not meet', async () => {
  await using site = await startSite()
  for (const scheme of SCHEMES) {
    for (const user of ['romeo', 'juliet']) {
      const path = `${scheme}-${user}/image.jpg`
      const put = signedPut(path, `of ${path}`, { scheme, user: `${user}@montague.example` })
      assert.equal((await ask(site.port, put)).status, 201, path)
    }
  }
  for (const scheme of SCHEMES) {
    for (const user of ['romeo', 'juliet']) {
      const path = `${scheme}-${user}/image.jpg`
      assert.equal((await ask(site.port, get(path))).body.toString(), `of ${path}`)
    }
  }
})

describe('D7: a file is written once', () => {
  test('replaying its slot with other bytes of the same length is 409', async () => {
    await using site = await startSite()
    for (const scheme of SCHEMES) {
      const path = `${scheme}/a.txt`
      await ask(site.port, signedPut(path, 'first', { scheme }))
      const put = signedPut(path, 'other', { scheme })
      assert.equal((await ask(site.port, put)).status, 409, scheme)
      assert.equal((await ask(site.port, get(path))).body.toString(), 'first')
    }
  })

  test('nobody ever sees half of it', async () => {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const put = signedPut('a/b.bin', randomBytes(1_000_000))
    using writer = await dial(site.port)
    writer.send(headOf(put))
    for (let part = 0; part < 10; part += 1) {
      const { status, body } = await ask(site.port, get('a/b.bin'))
      assert.equal(body.length, 0)
      assert.ok(status === 503 || status === 404, String(status))
      writer.send(put.body.subarray(part * 100_000, (part + 1) * 100_000))
    }
    await writer.until('HTTP/1.1 201 ')
    assert.ok((await ask(site.port, get('a/b.bin'))).body.equals(put.body))
  })
})

test('D8: a slot as stock ejabberd signs it needs no module of ours', async () => {
  await using site = await startSite()
  const user = createHash('sha1').update('romeo@montague.example').digest('hex')
  const path = `${user}/l7bMpVFBZJAv3Dmn1BTZCGyUqoIbuLsPFtdPRfBe/photo.jpg`
  const target = `/${path}?v=${hex(SECRETS.v1, `${path} 5`)}`
  const headers = { 'Content-Type': 'image/jpeg' }
  assert.equal((await ask(site.port, { target, headers, body: 'hello' })).status, 201)
  assert.equal((await ask(site.port, get(path))).headers['content-type'], 'image/jpeg')
})

test('D9: an upload whose name is known already is stored all the same', async () => {
  await using site = await startSite()
  await ask(site.port, signedPut('romeo/photo.jpg', 'romeo and juliet'))
  await ask(site.port, signedPut('juliet/photo.jpg', 'rosaline and her'))
  const bodies = [get('romeo/photo.jpg'), get('juliet/photo.jpg')].map(async (request) =>
    (await ask(site.port, request)).body.toString(),
  )
  assert.deepEqual(await Promise.all(bodies), ['romeo and juliet', 'rosaline and her'])
})

test('D10: deleting a file frees its bytes, and leaves those of an equal file', async () => {
  await using site = await startSite()
  const content = randomBytes(50_000)
  await ask(site.port, signedPut('a/one.bin', content))
  await ask(site.port, signedPut('b/two.bin', content))
  assert.equal((await ask(site.port, signedDelete('a/one.bin'))).status, 204)
  assert.equal((await storedNames(site)).length, 1)
  assert.ok((await ask(site.port, get('b/two.bin'))).body.equals(content))
  assert.equal((await ask(site.port, signedDelete('b/two.bin'))).status, 204)
  assert.deepEqual(await storedNames(site), [])
})

describe('D11: an expiry is an expiry', () => {
  const excuses: readonly Readonly<Record<string, string>>[] = [
    { 'User-Agent': 'Conversations/2.0 (Android; mobile)' },
    { 'User-Agent': 'Gajim network_switch standby' },
    { 'X-Network-Resilience': 'true', 'X-Session-Accept': 'hmac-sha256' },
    { 'X-Network-Change': 'wifi-to-mobile', 'X-Client-Type': 'mobile' },
  ]

  test('whatever the client says about itself', async () => {
    await using site = await startSite()
    for (const scheme of ['v3', 'jwt', 'bearer'] satisfies Scheme[]) {
      const expiresAt = systemClock() - 2 * MINUTE
      const put = signedPut(`${scheme}/a.txt`, 'hello', { scheme, expiresAt })
      for (const excuse of excuses) {
        const reply = await ask(site.port, { ...put, headers: { ...put.headers, ...excuse } })
        assert.deepEqual([reply.status, reply.code], [403, 'grant-expired'], scheme)
      }
    }
  })

  test('that cannot be moved, left out or merged into another field', async () => {
    await using site = await startSite()
    const { target, body, headers } = signedPut('a/b.txt', 'hello', { scheme: 'bearer' })
    const changes: readonly [string | RegExp, string][] = [
      [/expiry=\d+/u, 'expiry=9999999999'],
      [/&?expiry=\d+/u, ''],
      [/expiry=(\d+)/u, 'expiry=+$1'],
      ['user=', 'user=x%00'],
      [/user=[^&]+/u, 'user='],
    ]
    for (const [from, to] of changes) {
      const changed = target.replace(from, to)
      assert.notEqual(changed, target)
      const { status } = await ask(site.port, { target: changed, headers, body })
      assert.ok(status === 401 || status === 403, `${changed}: ${status}`)
    }
  })
})

test('D12: a challenge is no answer; it is random, good for its whole window, and used once', async (t) => {
  stopClock(t)
  await using site = await startSite([PUBLIC_URL])
  const { target, session } = await opened(site)
  const asked = head(target, 8, { 'X-Session-ID': session.id })
  const challenge = async (): Promise<string> => await freshChallenge(site, session)
  const [one, two] = [await challenge(), await challenge()]
  assert.notEqual(one, two)
  for (const echo of [one, Buffer.from(one, 'base64url').toString('hex'), `${one}.${one}`]) {
    const echoed = having(asked, { 'X-Challenge-Response': echo })
    assert.equal((await ask(site.port, echoed)).status, 401)
  }
  for (const seconds of [1, 7, 61, 119, 290]) {
    const mine = await challenge()
    goOn(t, seconds * 1000)
    const answer = proved(head(target, 8), session, mine)
    assert.equal((await ask(site.port, answer)).status, 204, `${seconds} s`)
    assert.equal((await ask(site.port, answer)).status, 401, `${seconds} s, again`)
  }
})

describe('D14: nobody chooses who they are', () => {
  const forged = {
    'X-Forwarded-For': '127.0.0.1, 203.0.113.9',
    'X-Real-IP': '203.0.113.9',
    Forwarded: 'for=203.0.113.9',
    'X-User-JID': 'admin@example.org',
  }

  test('a forged address of a stranger is ignored, a proxy is believed', async () => {
    await using site = await startSite()
    const put = signedPut('a/b.txt', 'hello')
    await ask(site.port, { ...put, headers: forged, from: '127.0.0.2' })
    const proxied = signedPut('c/d.txt', 'hello')
    await ask(site.port, { ...proxied, headers: forged, from: '127.0.0.1' })
    await site.server.shutdown()
    const lines = (await auditOf(site.folder)).filter(({ event }) => event === 'opened')
    assert.deepEqual(
      lines.map(({ address }) => address),
      ['127.0.0.2', '203.0.113.9'],
    )
  })

  test('a limit is not evaded by a name in a header or in the query', async () => {
    await using site = await startSite(['limits.open_uploads_per_owner=1'])
    using first = await dial(site.port, '127.0.0.2')
    const put = signedPut('a/b.txt', 'hello')
    first.send(headOf(put))
    first.send('he')
    await stored(site, 2)
    const { target, body } = signedPut('c/d.txt', 'hello')
    const more = { target: `${target}&user=admin@example.org`, headers: forged, body }
    const reply = await ask(site.port, { ...more, from: '127.0.0.2' })
    assert.deepEqual([reply.status, reply.code], [429, 'too-many-uploads'])
  })

  test('and an IPv6 client is told from an IPv4 one', async () => {
    await using site = await startSite(['server.listen=[::1]:0', 'limits.open_uploads_per_owner=1'])
    await ask(site.port, { ...signedPut('a/b.txt', 'hello'), from: '::1' })
    await site.server.shutdown()
    const [line] = await auditOf(site.folder)
    assert.equal(line?.['address'], '::1')
  })
})

describe('D18: no body without a bound', () => {
  test('its length must be one that an upload can have', async () => {
    await using site = await startSite()
    const { target } = signedPut('a/b.txt', 'hello')
    const lengths = { '-1': 400, '+5': 400, '5, 6': 400, '0x5': 400, '1e3': 400, '': 400 }
    for (const [length, expected] of Object.entries(lengths)) {
      using wire = await dial(site.port)
      wire.send(headOf({ target, headers: { 'Content-Length': length } }))
      assert.equal(replyIn(await wire.ended).status, expected, length)
    }
    using chunked = await dial(site.port)
    chunked.send(headOf({ target, headers: { 'Transfer-Encoding': 'chunked' } }))
    assert.equal(replyIn(await chunked.ended).status, 411)
    using both = await dial(site.port)
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' }
    both.send(headOf({ target, headers }))
    assert.equal(replyIn(await both.ended).status, 400)
  })

  test('a form is not read at all', async () => {
    await using site = await startSite()
    const headers = {
      'Content-Type': 'multipart/form-data; boundary=x',
      'Content-Length': '999999999999',
    }
    using wire = await dial(site.port)
    wire.send(headOf({ method: 'POST', target: '/upload', headers }))
    assert.equal(replyIn(await wire.ended).status, 405)
    assert.deepEqual(await storedNames(site), [])
  })
})

describe('D19: nothing of the inside is public', () => {
  test('no file of the server can be downloaded', async () => {
    await using site = await startSite()
    await ask(site.port, signedPut('a/b.txt', 'hello'))
    const [name = ''] = await storedNames(site)
    const inside = name.slice(site.config.storage.url.folder.length + 1)
    await writeFile(join(site.config.storage.url.folder, '.hidden'), 'x')
    const paths = [
      inside,
      `data/files/${inside}`,
      'state.db',
      'data/state.db',
      'state.db-wal',
      'audit.jsonl',
      '.hidden',
      'parts',
      'files',
      'upload-status',
      '-/uploads/abc',
      'metrics',
      'debug/pprof',
    ]
    for (const path of paths) assert.equal((await ask(site.port, get(path))).status, 404, path)
    assert.equal((await ask(site.port, get('-/session'))).status, 401)
  })

  test('an answer to a failure of ours names no file and no cause', async () => {
    await using site = await startSite(['log.level=fatal'])
    const { folder } = site.config.storage.url
    await rename(folder, `${folder}.away`)
    const reply = await ask(site.port, signedPut('a/b.txt', 'hello'))
    assert.ok(reply.status >= 500, String(reply.status))
    const { title, code } = JSON.parse(reply.body.toString())
    assert.ok(!`${title}${code}`.includes('ENOENT'))
    assert.ok(!reply.body.includes(site.folder))
    await rename(`${folder}.away`, folder)
  })
})

test('D20: what a browser could run is only ever saved, as what the slot said it is', async () => {
  await using site = await startSite()
  const types: Readonly<Record<string, 'inline' | 'attachment'>> = {
    'text/html': 'attachment',
    'image/svg+xml': 'attachment',
    'application/xhtml+xml': 'attachment',
    'text/xml': 'attachment',
    'application/pdf': 'attachment',
    'application/javascript': 'attachment',
    'image/png': 'inline',
    'video/mp4': 'inline',
    'text/plain; charset=utf-8': 'inline',
  }
  for (const [index, [type, disposition]] of Object.entries(types).entries()) {
    const path = `${index}/evil.bin`
    await ask(site.port, { ...signedPut(path, '<script>'), headers: { 'Content-Type': type } })
    const { headers } = await ask(site.port, get(path))
    assert.equal(headers['content-type'], type)
    assert.match(headers['content-disposition'] ?? '', new RegExp(`^${disposition}\\b`, 'u'), type)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.match(headers['content-security-policy'] ?? '', /^default-src 'none';.*\bsandbox\b/u)
  }
})

test('D21: a download goes on where it was cut, and is not repeated in vain', async () => {
  await using site = await startSite()
  await ask(site.port, signedPut('a/b.txt', '0123456789'))
  const whole = await ask(site.port, get('a/b.txt'))
  const { etag = '', 'last-modified': modified = '' } = whole.headers
  assert.equal(whole.headers['accept-ranges'], 'bytes')
  const asked = async (headers: Record<string, string>): Promise<Reply> =>
    await ask(site.port, get('a/b.txt', headers))
  const rest = await asked({ Range: 'bytes=4-', 'If-Range': etag })
  assert.deepEqual([rest.status, rest.body.toString()], [206, '456789'])
  assert.equal(rest.headers['content-range'], 'bytes 4-9/10')
  assert.equal((await asked({ Range: 'bytes=4-', 'If-Range': '"other"' })).status, 200)
  assert.equal((await asked({ Range: 'bytes=10-' })).status, 416)
  assert.match(
    (await asked({ Range: 'bytes=0-0,9-9' })).headers['content-type'] ?? '',
    /^multipart/u,
  )
  assert.equal((await asked({ 'If-None-Match': etag })).status, 304)
  assert.equal((await asked({ 'If-Modified-Since': modified })).status, 304)
})

test('D22: statuses are those that the protocol names', async () => {
  await using site = await startSite(['storage.max_file_size=100'])
  for (const scheme of SCHEMES) {
    const path = `${scheme}/a.txt`
    const status = async (content: string, secret?: string): Promise<number> => {
      const how = { scheme, ...(secret === undefined ? {} : { secret }) }
      return (await ask(site.port, signedPut(path, content, how))).status
    }
    assert.equal(await status('hello', 'not the key of this server'), 403, scheme)
    assert.equal(await status('hello'), 201, scheme)
    assert.equal(await status('hello'), 201, scheme)
    assert.equal(await status('jelly'), 409, scheme)
    assert.equal(await status('x'.repeat(101)), 413, scheme)
  }
})

describe('D24: defaults do no harm', () => {
  test('metrics are for operators, and a page of any origin may read files', async () => {
    await using site = await startSite(['admin.listen=127.0.0.1:0'])
    const metrics = { method: 'GET', target: '/metrics', headers: { Host: 'localhost' } }
    assert.equal((await ask(site.port, metrics)).status, 404)
    assert.equal((await ask(site.adminPort, metrics)).status, 200)
    const rebound = { ...metrics, headers: { Host: 'evil.example' } }
    assert.equal((await ask(site.adminPort, rebound)).status, 421)
    await ask(site.port, signedPut('a/b.txt', 'hello'))
    for (const request of [
      get('a/b.txt'),
      get('no/file'),
      { method: 'OPTIONS', target: '/a/b.txt' },
    ]) {
      const { headers } = await ask(site.port, request)
      assert.equal(headers['access-control-allow-origin'], '*')
      assert.equal(headers['access-control-allow-credentials'], undefined)
    }
    const { status, headers } = await ask(site.port, { method: 'OPTIONS', target: '/a/b.txt' })
    assert.equal(status, 200)
    for (const name of ['authorization', 'content-type', 'range', 'if-none-match'])
      assert.ok(headers['access-control-allow-headers']?.toLowerCase().includes(name), name)
  })

  test('a body that stands still is cut after its time', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using site = await startSite(['http.body_idle=120s'])
    using wire = await dial(site.port)
    wire.send(headOf(signedPut('a/b.txt', 'hello')))
    // Readers are told of an upload as soon as the server waits for its body.
    while ((await ask(site.port, get('a/b.txt'))).status !== 503);
    t.mock.timers.tick(100_000)
    assert.equal((await ask(site.port, get('a/b.txt'))).status, 503)
    assert.equal(wire.socket.readableEnded, false)
    t.mock.timers.tick(30_000)
    assert.equal((await wire.ended).length, 0)
  })
})
