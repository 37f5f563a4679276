import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeadReader, type RequestHead } from '../../src/http/fast-lane/request-head.ts'

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
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'TE: trailers',
  'Upgrade: websocket',
  'Set-Cookie: a',
)
const requestLine = fc
  .tuple(
    fc.constantFrom('PUT', 'PUT', 'GET', 'HEAD', 'POST', 'put', 'PUTT'),
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

test('a body belongs to a PUT alone, also where the same fields came with a PUT before', () => {
  const reader = new HeadReader()
  const fields = 'HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n'
  assert.equal(reader.read(Buffer.from(`PUT /a ${fields}`))?.contentLength, 3)
  assert.equal(reader.read(Buffer.from(`GET /a ${fields}`)), undefined)
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
