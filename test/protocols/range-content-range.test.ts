import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseContentRange } from '../../src/protocols/range/content-range.ts'

test('a range of bytes is read with its end exclusive, whatever the case of its unit', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (start, more, rest) => {
      const end = start + more + 1
      const total = end + rest
      const said = { kind: 'bytes', start, end }
      assert.deepEqual(parseContentRange(`bytes ${start}-${end - 1}/${total}`), { ...said, total })
      assert.deepEqual(parseContentRange(`Bytes ${start}-${end - 1}/*`), {
        ...said,
        total: undefined,
      })
    }),
  )
})

test('a range without bytes asks how far the upload is', () => {
  assert.deepEqual(parseContentRange('bytes */10'), { kind: 'query', total: 10 })
  assert.deepEqual(parseContentRange('bytes */*'), { kind: 'query', total: undefined })
})

test('everything else is refused', () => {
  const wrong = [
    '',
    'bytes',
    'bytes 0-4',
    'bytes 0-4/4',
    'bytes 4-3/10',
    'bytes 10-10/10',
    'bytes 0-1/10, 4-5/10',
    'bytes -5/10',
    'bytes 5-/10',
    'bytes=0-4/10',
    'items 0-4/10',
    'bytes 0x0-4/10',
    'bytes 0-4/-10',
    'bytes 0-4/1234567890123456',
  ]
  for (const field of wrong) {
    assert.throws(() => parseContentRange(field), { code: 'bad-request' }, field)
  }
})
