import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadReader, type RequestHead } from '../../src/http/fast-lane/request-head.ts'
import { listed } from './lane-fuzz/choices.ts'

const characters = fc.constantFrom(...`aZ09-_.~!"#$%&'()*+,/:;<=>?@[\\]^\`{|} \té\0`.split(''))
const word = fc.string({ unit: characters, maxLength: 8 })
const name = fc.constantFrom(
  'hOST',
  'Accept',
  'Range',
  'X-A',
  'X-B',
  'If-None-Match',
  'Cookie',
  'Date',
)
const plain = fc.constantFrom('a', 'x/y; q="1"', 'bytes=0-9', 'a  b', '*', ':')
const blank = fc.constantFrom('', ' ', '  ', '\t', ' \t ')
const field = fc
  .tuple(name, blank, plain, blank)
  .map(([left, before, value, after]) => `${left}:${before}${value}${after}`)
const framing = fc.constantFrom(
  'Content-Length: 0',
  'Content-Length: 5',
  'content-length: 07',
  'Content-Length: 999999999999999',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Transfer-Encoding: chunked',
  'Connection: keep-alive',
  'Connection: close',
  'connection: \tCLOSE ',
  'Connection: close, close',
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'TE: trailers',
  'Upgrade: websocket',
  'Set-Cookie: a',
)
const requestLine = fc
  .tuple(
    fc.constantFrom(
      'PUT',
      'PATCH',
      'POST',
      'GET',
      'HEAD',
      'DELETE',
      'OPTIONS',
      'put',
      'PUTT',
      'TRACE',
    ),
    fc.oneof(
      fc.constantFrom('/a/b.txt?v=1', '/', '*', 'http://x/y'),
      word.map((text) => `/${text}`),
    ),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0'),
  )
  .map((parts) => parts.join(' '))
const anyField = fc.oneof(
  { weight: 6, arbitrary: field },
  { weight: 3, arbitrary: framing },
  { weight: 1, arbitrary: word },
)
const lines = fc
  .tuple(requestLine, fc.array(anyField, { maxLength: 4 }))
  .map(([first, fields]) => [first, 'Host: a', ...fields])
const foreign = fc.tuple(fc.nat(), fc.constantFrom('\r', '\n', ' ', ':', '\v', '\u00a0'))
/** Heads that are mostly in order, some with a byte that does not belong there. */
const head = fc
  .tuple(lines, fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, foreign))
  .map(([all, wrong]) => {
    const text = `${all.join('\r\n')}\r\n\r\n`
    if (wrong === null) return Buffer.from(text, 'latin1')
    const at = wrong[0] % (text.length - 4)
    return Buffer.from(text.slice(0, at) + wrong[1] + text.slice(at), 'latin1')
  })

test('a reader that remembers fields reads every head as a new one does', () => {
  fc.assert(
    fc.property(fc.array(head, { minLength: 2, maxLength: 6 }), (heads) => {
      const reader = new HeadReader()
      for (const bytes of [...heads, ...heads]) {
        // What follows a head never changes how it is read.
        const more = Buffer.concat([bytes, Buffer.from('more')])
        assert.deepEqual(reader.read(more), new HeadReader().read(more))
      }
    }),
  )
})

test('fields that come again are not read again, and no handler can change them for the next', () => {
  const reader = new HeadReader()
  const read = (text: string): RequestHead | undefined => reader.read(Buffer.from(text))
  const first = read('GET /a HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n')
  const second = read('HEAD /b HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\nGET')
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(first.headers, second.headers)
  assert.deepEqual([second.method, second.target, second.bytes], ['HEAD', '/b', 40])
  assert.ok(Object.isFrozen(first.headers))
  assert.equal(read('GET /a HTTP/1.1\r\nHost: a\r\nAccept: c\r\n\r\n')?.headers['accept'], 'c')
})

const METHODS = ['PUT', 'PATCH', 'POST', 'GET', 'HEAD', 'DELETE', 'OPTIONS']

function readAlone(method: string, fields = ''): RequestHead | undefined {
  return new HeadReader().read(Buffer.from(`${method} /a HTTP/1.1\r\nHost: a\r\n${fields}\r\n`))
}

test('every method that the server answers is taken, and has no body without a length', () => {
  for (const method of METHODS) {
    const alone = readAlone(method)
    assert.deepEqual([alone?.method, alone?.contentLength], [method, undefined])
  }
  for (const other of ['CONNECT', 'TRACE', 'PROPFIND', 'PATC', 'POSTS', 'patch', 'Delete']) {
    assert.equal(readAlone(other), undefined, other)
  }
})

test('a body belongs to PUT, PATCH and POST, also where the same fields came with another method before', () => {
  const fields = 'HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'
  const reader = new HeadReader()
  for (const method of [...METHODS, ...METHODS.toReversed()]) {
    const read = reader.read(Buffer.from(`${method} /a ${fields}`))
    const mayHaveBody = ['PUT', 'PATCH', 'POST'].includes(method)
    assert.equal(read?.contentLength, mayHaveBody ? 3 : undefined, method)
    assert.equal(read?.awaitsContinue, mayHaveBody ? true : undefined, method)
  }
})

/** What may be said of the connection, and whether it is closed then. */
const SAID_ALONE = {
  true: ['close', 'Close', 'CLOSE', 'cLoSe', '\tclose '],
  false: ['keep-alive', 'Keep-Alive', 'KEEP-ALIVE'],
}

const LEFT = listed(
  ['closed', 'clos', 'close,', ', close', 'close, TE', 'close;', '"close"', 'upgrade', ''],
  ['close, keep-alive', 'keep-alive, close', 'close\0', 'close\r\n ', 'x\r\n close', 'close\v'],
  ['close\r\nConnection: close', 'close\r\nX: y\r\nCONNECTION: close'],
  ['keep-alive\r\nconnection: close', 'close\r\nConnection: keep-alive'],
)

test('of what is said of the connection one word is taken, close or keep-alive, in any case', () => {
  for (const method of METHODS) {
    for (const [closes, words] of Object.entries(SAID_ALONE)) {
      for (const said of words) {
        const read = readAlone(method, `Connection:${said}\r\n`)
        assert.equal(String(read?.closes), closes, `${method} ${said}`)
      }
    }
    assert.equal(readAlone(method)?.closes, false)
    for (const said of LEFT) {
      assert.equal(readAlone(method, `Connection: ${said}\r\n`), undefined, JSON.stringify(said))
    }
  }
})

test('a reader that remembers a connection that is kept sees when it is not', () => {
  const reader = new HeadReader()
  const read = (said: string): boolean | undefined =>
    reader.read(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nConnection: ${said}\r\n\r\n`))?.closes
  assert.deepEqual([read('keep-alive'), read('close'), read('keep-alive')], [false, true, false])
})

test('an incomplete head is left, however it is cut', () => {
  const whole = Buffer.from('PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n')
  for (let end = 0; end < whole.length; end += 1) {
    const reader = new HeadReader()
    assert.equal(reader.read(whole.subarray(0, end)), undefined, String(end))
    assert.equal(reader.read(whole)?.bytes, whole.length)
    assert.equal(reader.read(whole.subarray(0, end)), undefined, `known, ${end}`)
  }
})

test('what an earlier message left in the buffer behind the received bytes is not read', () => {
  const buffer = Buffer.from('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
  for (let count = 0; count < buffer.length; count += 1) {
    const reader = new HeadReader()
    assert.equal(reader.read(buffer, count), undefined, String(count))
    assert.equal(reader.read(buffer)?.bytes, buffer.length)
    assert.equal(reader.read(buffer, count), undefined, `known, ${count}`)
  }
})
