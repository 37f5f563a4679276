import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { startSite, stored } from './site.ts'
import {
  INTEROPS,
  type Interop,
  MOBILE,
  PHONE,
  append,
  completeness,
  created,
  creation,
  head,
  informed,
  located,
  offsetOf,
  speaking,
} from './rufh-client.ts'
import { get, signedPut } from './slots.ts'
import { contentOf, halfSent } from './visits.ts'
import { type Reply, ask, dial, headOf } from './wire-client.ts'

const PATH = 'a1b2/photo of you.jpg'
const PUBLIC = 'http://127.0.0.1:5050'
const FILE = `${PUBLIC}/a1b2/photo%20of%20you.jpg`
const NONE = Buffer.alloc(0)

/** How an answer says whether the upload is complete. */
function saidComplete(interop: Interop, headers: Reply['headers']): boolean {
  const value = headers[interop === 3 ? 'upload-incomplete' : 'upload-complete'] ?? ''
  assert.match(value, /^\?[01]$/u)
  return value === (interop === 3 ? '?0' : '?1')
}

function nameOf(interop: Interop): string {
  return interop === undefined ? 'no version' : `interop ${interop}`
}

const isEarly = (interop: Interop): boolean => interop !== undefined && interop < 7

for (const interop of INTEROPS) {
  describe(nameOf(interop), () => {
    test('a whole body is answered 201 with an empty body, once the file is there', async () => {
      await using site = await startSite()
      const put = signedPut(PATH, randomBytes(1000))
      const reply = await ask(site.port, { ...creation(put, interop), from: PHONE })
      assert.deepEqual([reply.status, reply.body.length], [201, 0])
      assert.equal(reply.headers['upload-offset'], '1000')
      assert.equal(reply.headers['upload-draft-interop-version'], interop?.toString())
      assert.ok(saidComplete(interop, reply.headers))
      assert.ok((await contentOf(site, PATH)).equals(put.body))
      if (!isEarly(interop)) return assert.equal(reply.headers['location'], FILE)
      assert.match(reply.headers['location'] ?? '', /^http:\/\/127\.0\.0\.1:5050\/-\/uploads\//u)
      assert.equal(reply.headers['content-location'], FILE)
    })

    test('104 tells where to come back, and only to those who may be told', async () => {
      await using site = await startSite()
      const put = signedPut(PATH, randomBytes(1000))
      const { interim, headers } = await informed(site, creation(put, interop))
      if (interop === undefined) return assert.deepEqual(interim, [])
      const [first] = interim
      assert.ok(first !== undefined)
      assert.equal(first['upload-draft-interop-version'], String(interop))
      if (isEarly(interop)) assert.equal(first['location'], headers['location'])
      const key = interop < 6 ? undefined : interop === 6 ? 'expires' : 'max-age'
      const limit = String(first['upload-limit'])
      if (key === undefined) assert.equal(limit, 'undefined')
      else assert.match(limit, new RegExp(`^max-size=1000, ${key}=259(?:200|1\\d\\d)$`, 'u'))
      const { status } = await ask(site.port, head(located({ headers: first }), interop))
      assert.equal(status, 204)
    })

    test('a careful creation is filled piece by piece', async () => {
      await using site = await startSite()
      const put = signedPut(PATH, randomBytes(1000))
      const bytes = put.body
      const empty = creation(put, interop, { bytes: NONE, isComplete: false })
      // Versions before 6 have no Upload-Length, but nobody refuses it either.
      const careful = await ask(site.port, empty)
      assert.deepEqual([careful.status, careful.headers['upload-offset']], [201, '0'])
      assert.equal(saidComplete(interop, careful.headers), false)
      const target = located(careful)
      const half = { offset: 0, bytes: bytes.subarray(0, 400), isComplete: false }
      const first = await ask(site.port, append(target, interop, half))
      assert.equal(first.status, isEarly(interop) ? 201 : 204)
      assert.equal(first.headers['upload-offset'], '400')
      assert.equal(saidComplete(interop, first.headers), false)
      const rest = { offset: 400, bytes: bytes.subarray(400), isComplete: true }
      const last = await ask(site.port, append(target, interop, rest))
      assert.deepEqual([last.status, last.body.length], [201, 0])
      assert.equal(last.headers['location'], FILE)
      assert.ok(saidComplete(interop, last.headers))
      assert.ok((await contentOf(site, PATH)).equals(bytes))
    })

    test('HEAD tells how the upload stands, and GET the same', async () => {
      await using site = await startSite()
      const target = await created(site, signedPut(PATH, 'hello'), interop)
      for (const method of ['HEAD', 'GET']) {
        const { status, headers } = await ask(site.port, { ...head(target, interop), method })
        assert.deepEqual(
          [status, headers['upload-offset'], headers['upload-length']],
          [204, '0', '5'],
        )
        assert.equal(headers['cache-control'], 'no-store')
        assert.equal(headers['content-length'], undefined)
        assert.equal(headers['upload-draft-interop-version'], interop?.toString())
        assert.equal(saidComplete(interop, headers), false)
        const limit = headers['upload-limit'] ?? ''
        if (interop !== undefined && interop < 6) assert.equal(limit, '')
        else assert.match(limit, interop === 6 ? /, expires=\d+$/u : /, max-age=\d+$/u)
      }
    })

    test('questions that carry fields of an upload are refused by the early versions only', async () => {
      await using site = await startSite()
      for (const method of ['HEAD', 'DELETE']) {
        const target = await created(site, signedPut(`${method}/a.txt`, 'hello'), interop)
        for (const stray of ['Upload-Offset', 'Upload-Length', 'Upload-Complete']) {
          const value = stray === 'Upload-Complete' ? '?0' : '0'
          const asked = { ...head(target, interop, { [stray]: value }), method }
          if (method === 'DELETE' && !isEarly(interop)) continue
          const { status } = await ask(site.port, asked)
          assert.equal(status, isEarly(interop) ? 400 : 204, `${method} ${stray}`)
        }
      }
    })

    test('a PATCH must have the media type that the version demands', async () => {
      await using site = await startSite()
      const target = await created(site, signedPut(PATH, 'hello'), interop)
      const piece = append(target, interop, {
        offset: 0,
        bytes: Buffer.from('he'),
        isComplete: false,
      })
      const headers = { ...piece.headers, 'Content-Type': 'image/jpeg' }
      const { status } = await ask(site.port, { ...piece, headers })
      if (interop !== undefined && interop < 6) return assert.equal(status, 201)
      assert.equal(status, 415)
      assert.equal(await offsetOf(site, target), 0)
    })

    test('the lost final answer is given again, and nothing more is taken', async () => {
      await using site = await startSite()
      const put = signedPut(PATH, 'hello')
      const target = await created(site, put, interop)
      const all = append(target, interop, { offset: 0, bytes: put.body, isComplete: true })
      const first = await ask(site.port, all)
      const status = await ask(site.port, head(target, interop))
      assert.ok(saidComplete(interop, status.headers))
      assert.equal(status.headers['upload-offset'], '5')
      const nothing = { offset: 5, bytes: NONE, isComplete: true }
      const again = await ask(site.port, append(target, interop, nothing))
      assert.equal(again.status, 201)
      for (const name of ['location', 'etag', 'upload-offset']) {
        assert.equal(again.headers[name], first.headers[name])
      }
      // As a browser does by itself when the connection breaks before the answer.
      const repeated = await ask(site.port, all)
      assert.deepEqual([repeated.status, repeated.code], [409, 'offset-mismatch'])
      assert.equal(repeated.headers['upload-offset'], '5')
      assert.ok(saidComplete(interop, repeated.headers))
      const beyond = { offset: 5, bytes: put.body, isComplete: true }
      const more = await ask(site.port, append(target, interop, beyond))
      assert.deepEqual([more.status, more.code], [400, 'upload-complete'])
      const { type } = problemOf(more)
      if (interop === 6) assert.match(type, /#completed-upload$/u)
      if (!isEarly(interop)) assert.equal(saidComplete(interop, more.headers), false)
    })

    test('another offset is refused with the true one, and nothing is stored', async () => {
      await using site = await startSite()
      const target = await created(site, signedPut(PATH, 'hello'), interop)
      const wrong = { offset: 3, bytes: Buffer.from('lo'), isComplete: true }
      const reply = await ask(site.port, append(target, interop, wrong))
      assert.deepEqual([reply.status, reply.headers['upload-offset']], [409, '0'])
      assert.equal(saidComplete(interop, reply.headers), false)
      const problem = problemOf(reply)
      assert.match(problem.type, /#mismatching-upload-offset$/u)
      assert.deepEqual([problem['expected-offset'], problem['provided-offset']], [0, 3])
      assert.equal(await offsetOf(site, target), 0)
    })
  })
}

function problemOf({ body }: Reply): Record<string, unknown> & { type: string } {
  const problem: unknown = JSON.parse(body.toString())
  assert.ok(typeof problem === 'object' && problem !== null && 'type' in problem)
  return { ...problem, type: String(problem.type) }
}

describe('an upload that is interrupted', () => {
  for (const fsync of ['ack', 'never']) {
    test(`goes on at the exact byte, with fsync ${fsync}`, async () => {
      await using site = await startSite([`storage.fsync=${fsync}`])
      const put = signedPut(PATH, randomBytes(100_001))
      using wire = await halfSent(site, creation(put, 6), PHONE)
      const target = await toldTarget(wire)
      wire.socket.destroy()
      await site.logged('upload interrupted')
      const offset = await offsetOf(site, target)
      assert.equal(offset, 50_000)
      const rest = { offset, bytes: put.body.subarray(offset), isComplete: true }
      assert.equal((await ask(site.port, append(target, 6, rest))).status, 201)
      assert.ok((await contentOf(site, PATH)).equals(put.body))
    })
  }

  test('survives a restart of the server', async () => {
    await using before = await startSite()
    const put = signedPut(PATH, randomBytes(100_000))
    const target = await created(before, put)
    const half = { offset: 0, bytes: put.body.subarray(0, 33_333), isComplete: false }
    await ask(before.port, append(target, 8, half))
    await before.server[Symbol.asyncDispose]()
    await using site = await startSite([], { folder: before.folder })
    assert.equal(await offsetOf(site, target), 33_333)
    const rest = { offset: 33_333, bytes: put.body.subarray(33_333), isComplete: true }
    assert.equal((await ask(site.port, append(target, 8, rest))).status, 201)
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })
})

describe('the final answer that was lost', () => {
  test('of a creation is told by HEAD, and given again to an append of nothing', async () => {
    await using site = await startSite(['storage.fsync=ack'])
    const put = signedPut(PATH, randomBytes(100_000))
    using wire = await halfSent(site, creation(put, 6), PHONE)
    const target = await toldTarget(wire)
    wire.send(put.body.subarray(50_000))
    await stored(site, 100_000)
    wire.socket.destroy()
    const { headers } = await ask(site.port, head(target, 6))
    assert.deepEqual([headers['upload-complete'], headers['upload-offset']], ['?1', '100000'])
    const nothing = append(target, 6, { offset: 100_000, bytes: NONE, isComplete: true })
    const again = await ask(site.port, nothing)
    assert.deepEqual([again.status, again.headers['location']], [201, FILE])
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })
})

describe('the life of an upload', () => {
  test('counts down from 72 hours, whatever is sent', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
    await using site = await startSite()
    const target = await created(site, signedPut(PATH, 'hello'))
    const lives: string[] = []
    for (const hours of [0, 71]) {
      t.mock.timers.setTime(systemClock() + hours * 3_600_000)
      const { headers } = await ask(site.port, head(target, 8))
      lives.push(headers['upload-limit'] ?? '')
    }
    assert.deepEqual(lives, ['max-size=5, max-age=259200', 'max-size=5, max-age=3600'])
  })
})

/** Waits until a client was told of its upload, and returns the path. */
async function toldTarget(wire: Awaited<ReturnType<typeof dial>>): Promise<string> {
  const text = await wire.until('-/uploads/')
  return `/-/uploads/${/-\/uploads\/([\w-]+)/u.exec(text)?.[1] ?? ''}`
}

describe('a newer request', () => {
  test('for the offset takes the place of a half-open writer, whose connection ends unanswered', async () => {
    await using site = await startSite(['storage.fsync=ack'])
    const put = signedPut(PATH, randomBytes(200_000))
    using older = await halfSent(site, creation(put, 6), PHONE)
    const target = await toldTarget(older)
    const { headers } = await ask(site.port, { ...head(target, 6), from: MOBILE })
    assert.equal(headers['upload-offset'], '100000')
    const received = (await older.ended).toString()
    assert.doesNotMatch(received, /HTTP\/1\.1 [2-5]/u)
    const rest = { offset: 100_000, bytes: put.body.subarray(100_000), isComplete: true }
    const last = await ask(site.port, { ...append(target, 6, rest), from: MOBILE })
    assert.equal(last.status, 201)
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('with bytes at the right offset takes the place as well', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(200_000))
    const target = await created(site, put)
    const all = append(target, 8, { offset: 0, bytes: put.body, isComplete: true })
    using older = await halfSent(site, all, PHONE)
    const rest = { offset: 100_000, bytes: put.body.subarray(100_000), isComplete: true }
    assert.equal((await ask(site.port, append(target, 8, rest))).status, 201)
    assert.equal((await older.ended).length, 0)
    assert.ok((await contentOf(site, PATH)).equals(put.body))
  })

  test('without a right to the upload disturbs nobody', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(200_000), { scheme: 'jwt' })
    using older = await halfSent(site, creation(put, 6), PHONE)
    const target = await toldTarget(older)
    const stranger = head(target, 6, { Authorization: 'Bearer somebody.elses.token' })
    assert.equal((await ask(site.port, stranger)).status, 403)
    older.send(put.body.subarray(100_000))
    await older.until('HTTP/1.1 201 ')
  })
})

describe('a credential sent to an upload resource', () => {
  test('must be the one that the upload was created with; none is needed; its expiry is nothing', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
    await using site = await startSite()
    const put = signedPut(PATH, 'hello', { scheme: 'jwt' })
    const target = await created(site, put, 6)
    t.mock.timers.setTime(systemClock() + 5 * 3_600_000)
    assert.equal((await ask(site.port, head(target, 6, put.headers))).status, 204)
    assert.equal((await ask(site.port, head(target, 6))).status, 204)
    const { headers } = signedPut('c/d.txt', 'hello', { scheme: 'jwt' })
    assert.equal((await ask(site.port, head(target, 6, headers))).status, 403)
    const piece = append(target, 6, { offset: 0, bytes: put.body, isComplete: true })
    const stranger = { ...piece, headers: { ...piece.headers, ...headers } }
    const refused = await ask(site.port, stranger)
    assert.deepEqual([refused.status, refused.code], [403, 'grant-invalid'])
    const gone = { method: 'DELETE', target, headers: speaking(6, headers) }
    assert.equal((await ask(site.port, gone)).status, 403)
    assert.equal((await ask(site.port, piece)).status, 201)
  })
})

describe('DELETE', () => {
  test('ends an unfinished upload, whose slot may be used again', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    const target = await created(site, put)
    assert.equal((await ask(site.port, { method: 'DELETE', target })).status, 204)
    assert.equal((await ask(site.port, head(target, 8))).status, 410)
    assert.equal((await ask(site.port, creation(put, 8))).status, 201)
  })

  test('never touches a published file', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    const target = await created(site, put)
    await ask(site.port, append(target, 8, { offset: 0, bytes: put.body, isComplete: true }))
    assert.equal((await ask(site.port, { method: 'DELETE', target })).status, 204)
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })
})

test('an upload resource that never was is 404, and other methods are 405', async () => {
  await using site = await startSite()
  for (const target of ['/-/uploads/', `/-/uploads/${'a'.repeat(43)}`, '/-/uploads/x']) {
    assert.equal((await ask(site.port, head(target, 8))).status, 404)
  }
  const post = await ask(site.port, { method: 'POST', target: '/-/uploads/x', body: 'x' })
  assert.equal(post.status, 405)
  assert.equal(post.headers['allow'], 'HEAD, GET, PATCH, DELETE, OPTIONS')
})

describe('the method override of a POST', () => {
  test('may mean PATCH, HEAD and DELETE, and nothing else', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    const target = await created(site, put)
    const meaning = (method: string, headers = {}): Parameters<typeof ask>[1] => ({
      method: 'POST',
      target,
      headers: { ...headers, 'X-HTTP-Method-Override': method },
    })
    assert.equal((await ask(site.port, meaning('HEAD'))).status, 204)
    const piece = append(target, 8, { offset: 0, bytes: Buffer.from('he'), isComplete: false })
    const patch = { ...meaning('PATCH', piece.headers), body: piece.body }
    assert.equal((await ask(site.port, patch)).headers['upload-offset'], '2')
    for (const other of ['GET', 'PUT', 'OPTIONS']) {
      assert.equal((await ask(site.port, meaning(other))).status, 405)
    }
    assert.equal((await ask(site.port, meaning('DELETE'))).status, 204)
    assert.equal((await ask(site.port, head(target, 8))).status, 410)
  })
})

test('a POST on a slot creates an upload like a PUT', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, 'hello')
  assert.equal((await ask(site.port, { ...creation(put, 6), method: 'POST' })).status, 201)
  assert.equal((await contentOf(site, PATH)).toString(), 'hello')
})

test('OPTIONS tells the limits, the ways to resume and what is allowed there, with 200', async () => {
  await using site = await startSite([
    'storage.max_file_size=5 MiB',
    'network_resilience.chunk_size=1MB',
  ])
  // A slot that was never used is told the limit of all: its own needs its grant, which OPTIONS does not check.
  for (const [target, methods] of [
    ['*', 'GET, HEAD, OPTIONS, PUT, DELETE, POST'],
    ['/a/b.txt', 'GET, HEAD, OPTIONS, PUT, DELETE, POST'],
    [signedPut(PATH, 'hello').target, 'GET, HEAD, OPTIONS, PUT, DELETE, POST'],
    [`/-/uploads/${'a'.repeat(43)}`, 'HEAD, GET, PATCH, DELETE, OPTIONS'],
  ] as const) {
    const { status, headers } = await ask(site.port, { method: 'OPTIONS', target })
    assert.deepEqual([status, headers['upload-limit']], [200, 'max-size=5242880, max-age=259200'])
    assert.match(headers['x-resume'] ?? '', /\brufh\b/u)
    assert.equal(headers['x-chunk-size'], '1048576')
    assert.equal(headers['allow'], methods)
    assert.equal(headers['access-control-allow-methods'], methods)
    assert.match(headers['access-control-expose-headers'] ?? '', /\bUpload-Offset\b/u)
  }
})

test('OPTIONS tells the size of an upload, and of a slot that was used', async () => {
  await using site = await startSite()
  const put = signedPut(PATH, 'hello')
  const target = await created(site, put)
  for (const known of [target, put.target]) {
    const { status, headers } = await ask(site.port, { method: 'OPTIONS', target: known })
    assert.deepEqual([status, headers['upload-limit']], [200, 'max-size=5, max-age=259200'])
  }
  const { status } = await ask(site.port, { method: 'OPTIONS', target: '/a/%00' })
  assert.equal(status, 200)
})

test('OPTIONS names no method of uploads that can go on where there are none', async () => {
  const below = ['server.public_url=https://files.example/up/']
  await using site = await startSite(['network_resilience.upload_resumption=false', ...below])
  for (const target of ['/up/a/b.txt', `/up/-/uploads/${'a'.repeat(43)}`, '*', '/elsewhere']) {
    const { headers } = await ask(site.port, { method: 'OPTIONS', target })
    assert.equal(headers['allow'], 'GET, HEAD, OPTIONS, PUT, DELETE')
    assert.equal(headers['access-control-allow-methods'], headers['allow'])
  }
})

describe('a slot that has its file', () => {
  test('is answered 201 for the same bytes and 409 for others, and keeps its file', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    assert.equal((await ask(site.port, creation(put, 6))).status, 201)
    assert.equal((await ask(site.port, creation(put, 6))).status, 201)
    const other = await ask(site.port, creation({ ...put, body: Buffer.from('other') }, 6))
    assert.deepEqual([other.status, other.code], [409, 'slot-conflict'])
    const careful = creation(put, 6, { bytes: NONE, isComplete: false })
    const again = await ask(site.port, careful)
    assert.deepEqual([again.status, again.headers['upload-complete']], [201, '?1'])
    assert.equal((await contentOf(site, PATH)).toString(), 'hello')
  })
})

describe('ruling of generations', () => {
  test('a plain PUT parks an upload with a resource, and whichever completes first wins', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, randomBytes(10_000))
    const target = await created(site, put)
    using plain = await halfSent(site, put, PHONE)
    const all = append(target, 8, { offset: 0, bytes: put.body, isComplete: true })
    assert.equal((await ask(site.port, all)).status, 201)
    assert.equal((await plain.ended).length, 0)
    const parked = signedPut('c/d.txt', 'hello')
    const loser = await created(site, parked)
    assert.equal((await ask(site.port, parked)).status, 201)
    assert.equal((await ask(site.port, head(loser, 8))).status, 410)
  })
})

test('an append that reaches the size without completing it is 204, and publishes nothing', async () => {
  for (const interop of INTEROPS) {
    await using site = await startSite(['downloads.wait_for_upload=0'])
    const put = signedPut(PATH, 'hello')
    const target = await created(site, put, interop)
    const full = { offset: 0, bytes: put.body, isComplete: false }
    const { status, headers } = await ask(site.port, append(target, interop, full))
    assert.deepEqual([status, saidComplete(interop, headers)], [204, false])
    assert.equal((await ask(site.port, get(PATH))).status, 503)
    const end = { offset: 5, bytes: NONE, isComplete: true }
    assert.equal((await ask(site.port, append(target, interop, end))).status, 201)
  }
})

describe('the length of an upload', () => {
  test('that its fields contradict is refused before a byte', async () => {
    await using site = await startSite()
    const put = signedPut(PATH, 'hello')
    const said = { ...creation(put, 8).headers, 'Upload-Length': '6' }
    const reply = await ask(site.port, { ...creation(put, 8), headers: said })
    assert.deepEqual([reply.status, reply.code], [400, 'length-inconsistent'])
    assert.match(problemOf(reply).type, /#inconsistent-upload-length$/u)
    const target = await created(site, put)
    const short = { offset: 0, bytes: Buffer.from('hell'), isComplete: true }
    assert.equal((await ask(site.port, append(target, 8, short))).status, 400)
    assert.equal(await offsetOf(site, target), 0)
  })

  test('that is exceeded ends the upload', async () => {
    await using site = await startSite()
    const bytes = Buffer.from('hello!')
    for (const isComplete of [true, false]) {
      for (const said of [{}, { 'Upload-Length': '5' }, { 'Upload-Length': '6' }]) {
        const path = `${isComplete}/${JSON.stringify(said)}`
        const target = await created(site, signedPut(path, 'hello'))
        const more = append(target, 8, { offset: 0, bytes, isComplete })
        const headers = { ...more.headers, ...said }
        assert.equal((await ask(site.port, { ...more, headers })).status, 400, path)
        assert.equal((await ask(site.port, head(target, 8))).status, 410, path)
      }
    }
  })

  test('that is stated wrongly ends nothing while no byte is beyond the end', async () => {
    await using site = await startSite()
    const target = await created(site, signedPut(PATH, 'hello'))
    for (const isComplete of [true, false]) {
      for (const length of ['4', '6']) {
        const some = append(target, 8, { offset: 0, bytes: Buffer.from('hell'), isComplete })
        const headers = { ...some.headers, 'Upload-Length': length }
        const reply = await ask(site.port, { ...some, headers })
        assert.deepEqual([reply.status, reply.code], [400, 'length-inconsistent'])
        assert.equal(await offsetOf(site, target), 0)
      }
    }
  })

  test('may be left to the slot by versions without a field for it', async () => {
    await using site = await startSite()
    for (const interop of INTEROPS) {
      const path = `${interop ?? 'none'}/b.txt`
      const put = signedPut(path, 'hello', { scheme: 'jwt' })
      const headers = { ...put.headers, ...speaking(interop, completeness(interop, false)) }
      const { status } = await ask(site.port, { ...put, body: NONE, headers })
      assert.equal(status, interop !== undefined && interop < 6 ? 201 : 400, path)
    }
    // A MAC over the length does not tell it; the slot does once it was used.
    const mac = signedPut(PATH, 'hello')
    const careful = { ...mac, body: NONE, headers: speaking(5, completeness(5, false)) }
    assert.equal((await ask(site.port, careful)).status, 400)
    await created(site, mac)
    assert.equal((await ask(site.port, careful)).status, 201)
  })

  test('must be known of a chunked body that claims to be all of it', async () => {
    await using site = await startSite()
    const { target } = signedPut(PATH, 'hello')
    const fields = { ...speaking(6, completeness(6, true)), 'Transfer-Encoding': 'chunked' }
    using wire = await dial(site.port)
    wire.send(`${headOf({ target, headers: fields })}5\r\nhello\r\n0\r\n\r\n`)
    await wire.until('HTTP/1.1 411 ')
  })

  test('that is the slot’s lets a chunked body be appended, and one that ends early is told so', async () => {
    await using site = await startSite()
    const target = await created(site, signedPut(PATH, 'hello'))
    const piece = append(target, 8, { offset: 0, bytes: NONE, isComplete: true })
    const { method = '', headers } = piece
    const chunked = headOf({
      method,
      target,
      headers: { ...headers, 'Transfer-Encoding': 'chunked' },
    })
    using wire = await dial(site.port)
    wire.send(`${chunked}3\r\nhel\r\n0\r\n\r\n`)
    await wire.until('HTTP/1.1 400 ')
    assert.equal(await offsetOf(site, target), 3)
  })
})

test('fields that say nothing leave the request a plain PUT', async () => {
  await using site = await startSite()
  const fields = [
    { 'Upload-Complete': 'true' },
    { 'Upload-Incomplete': '?0' },
    { 'Upload-Complete': '?1', 'Upload-Draft-Interop-Version': '3' },
  ]
  for (const [index, headers] of fields.entries()) {
    const reply = await ask(site.port, { ...signedPut(`${index}/b.txt`, 'hello'), headers })
    assert.deepEqual([reply.status, reply.headers['upload-offset']], [201, undefined])
  }
  const post = { ...signedPut(PATH, 'hello'), method: 'POST', headers: { 'Upload-Complete': '1' } }
  assert.equal((await ask(site.port, post)).status, 405)
})

test('too many open uploads are 503 with Retry-After: native clients give up at 429', async () => {
  await using site = await startSite(['limits.open_uploads_per_owner=1'])
  await created(site, signedPut('c/d.txt', 'hello'))
  const reply = await ask(site.port, creation(signedPut(PATH, 'hello'), 6))
  assert.deepEqual([reply.status, reply.code], [503, 'uploads-deferred'])
  assert.equal(reply.headers['retry-after'], '60')
})

test('a file beyond what the server takes is 413 with the limit', async () => {
  await using site = await startSite(['storage.max_file_size=4'])
  const reply = await ask(site.port, creation(signedPut(PATH, 'hello'), 8))
  assert.deepEqual([reply.status, reply.headers['upload-limit']], [413, 'max-size=4'])
})

test('a file of no bytes is complete as soon as it is created', async () => {
  await using site = await startSite()
  assert.equal((await ask(site.port, creation(signedPut(PATH, ''), 6))).status, 201)
  assert.equal((await contentOf(site, PATH)).length, 0)
})
