import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseRange, contentRange } from '../../src/protocols/download/byte-ranges.ts'
import { multipartRanges } from '../../src/protocols/download/multipart-ranges.ts'

const ONE_RANGE = [
  ['bytes=0-0', 0, 1],
  ['bytes=0-', 0, 100],
  ['bytes=99-', 99, 100],
  ['bytes=10-19', 10, 20],
  ['bytes=10-1000', 10, 100],
  ['bytes=-1', 99, 100],
  ['bytes=-100', 0, 100],
  ['bytes=-5000', 0, 100],
  ['BYTES=0-0', 0, 1],
  ['bytes= , 0-0 ,', 0, 1],
  ['bytes=0-99999999999999999999999999', 0, 100],
  ['bytes=200-300, 5-6', 5, 7],
  ['bytes=0-4, 5-9', 0, 10],
  ['bytes=5-9, 0-6, 2-3', 0, 10],
] as const

for (const [field, start, end] of ONE_RANGE) {
  test(`D21: "${field}" of 100 bytes is ${start} up to ${end}`, () => {
    assert.deepEqual(chooseRange(field, 100), { kind: 'parts', parts: [{ start, end }] })
  })
}

const IGNORED = ['', 'bytes', 'bytes=', 'bytes=,', 'bytes=x', 'bytes=-', 'bytes=5-3', 'bytes=1-2-3']
for (const field of [...IGNORED, 'lines=0-1', 'bytes=0-1;2-3', 'bytes=0x1-2', 'bytes=1.5-2']) {
  test(`D21: the malformed or foreign Range "${field}" is ignored`, () => {
    assert.deepEqual(chooseRange(field, 100), { kind: 'whole' })
  })
}

for (const field of ['bytes=100-', 'bytes=100-200', 'bytes=-0', 'bytes=100-, 300-400']) {
  test(`D21: the Range "${field}" lies beyond 100 bytes`, () => {
    assert.deepEqual(chooseRange(field, 100), { kind: 'unsatisfiable' })
  })
}

test('D21: disjoint ranges stay apart and come in ascending order', () => {
  const parts = [
    { start: 0, end: 2 },
    { start: 50, end: 51 },
    { start: 90, end: 100 },
  ]
  assert.deepEqual(chooseRange('bytes=50-50, -10, 0-1', 100), { kind: 'parts', parts })
})

function separate(count: number): string {
  return `bytes=${Array.from({ length: count }, (_, index) => `${index * 2}-${index * 2}`).join(',')}`
}

test('D21: fifty ranges are too many and get the whole file, one less do not', () => {
  assert.equal(chooseRange(separate(50), 1000).kind, 'whole')
  assert.equal(chooseRange(separate(49), 1000).kind, 'parts')
})

test('D21: the last byte in Content-Range is one less than the end', () => {
  assert.equal(contentRange({ start: 0, end: 100 }, 100), 'bytes 0-99/100')
})

test('D21: a Range of an empty file is ignored', () => {
  assert.deepEqual(chooseRange('bytes=0-', 0), { kind: 'whole' })
  assert.deepEqual(chooseRange('bytes=-1', 0), { kind: 'whole' })
})

const position = fc.nat({ max: 300 })
const member = fc.oneof(
  fc.tuple(position, position).map(([first, more]) => ({ first, last: first + more })),
  position.map((first) => ({ first })),
  position.map((suffix) => ({ suffix })),
)
type Member = { first?: number; last?: number; suffix?: number }

function written({ first, last, suffix }: Member): string {
  return suffix === undefined ? `${first}-${last ?? ''}` : `-${suffix}`
}

/** RFC 9110 §14.1.2, byte by byte. */
function asksFor({ first, last, suffix }: Member, at: { byte: number; size: number }): boolean {
  if (suffix !== undefined) return at.byte >= at.size - suffix
  return at.byte >= (first ?? 0) && at.byte <= (last ?? Infinity)
}

test('D21: the chosen parts hold exactly the bytes that some range asks for', () => {
  const members = fc.array(member, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 250 }), members, (size, ranges) => {
      const choice = chooseRange(`bytes=${ranges.map(written).join(', ')}`, size)
      const chosen = choice.kind === 'parts' ? choice.parts : []
      for (let byte = 0; byte < size; byte += 1) {
        const expected = ranges.some((range) => asksFor(range, { byte, size }))
        const holders = chosen.filter((part) => part.start <= byte && byte < part.end)
        assert.equal(holders.length, expected ? 1 : 0, `byte ${byte}`)
      }
      assert.notEqual(choice.kind, 'whole')
      for (const [index, part] of chosen.entries()) {
        assert.ok(part.start < part.end && part.end <= size)
        assert.ok(part.start > (chosen[index - 1]?.end ?? -1), 'parts do not touch')
      }
    }),
  )
})

test('no text in a Range field makes the parser throw or leave the file', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 1000 }), (text, size) => {
      const choice = chooseRange(`bytes=${text}`, size)
      if (choice.kind !== 'parts') return
      for (const part of choice.parts) assert.ok(part.start >= 0 && part.end <= size)
    }),
  )
})

test('a multipart body states its exact length', () => {
  const ranges = [
    { start: 0, end: 3 },
    { start: 7, end: 10 },
  ]
  const file = { size: 10, contentType: 'text/plain', boundary: 'b' }
  const body = multipartRanges(ranges, file)
  const text = body.parts.map(({ opening, range }) => {
    return Buffer.from(opening).toString() + '0123456789'.slice(range.start, range.end)
  })
  const whole = text.join('') + Buffer.from(body.closing).toString()
  assert.equal(body.length, whole.length)
  assert.equal(body.contentType, 'multipart/byteranges; boundary=b')
  assert.equal(
    whole,
    '--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-2/10\r\n\r\n012' +
      '\r\n--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 7-9/10\r\n\r\n789\r\n--b--\r\n',
  )
})
