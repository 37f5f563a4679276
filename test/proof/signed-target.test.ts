import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeSlotPath, isSlotPath } from '../../src/core/slot-path.ts'
import { signedPath, signedTarget } from '../../src/proof/signed-target.ts'

/** Any bytes. */
const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array))

/** Ways to write a byte on a request line. */
const SPELLINGS: readonly ((byte: number) => string)[] = [
  (byte) => `%${byte.toString(16).padStart(2, '0')}`,
  (byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`,
  // A bare percent sign begins an escape.
  (byte) => (byte === 0x25 ? '%25' : String.fromCharCode(byte)),
]

/** Bytes with two spellings of them. */
const spelled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.nat({ max: 2 }), fc.nat({ max: 2 })))
  .map((choices) => ({
    one: choices.map(([byte, way]) => SPELLINGS[way]?.(byte)).join(''),
    two: choices.map(([byte, , way]) => SPELLINGS[way]?.(byte)).join(''),
  }))

test('however a path was written, its one form is the same', () => {
  fc.assert(
    fc.property(spelled, ({ one, two }) => {
      assert.equal(signedPath(one), signedPath(two))
    }),
  )
})

test('the one form holds unreserved characters, slashes and upper-case escapes of all else', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        spelled.map(({ one }) => one),
        fc.string(),
      ),
      (path) => {
        const form = /^(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})*$/u
        assert.match(signedPath(path), form)
        assert.doesNotMatch(signedPath(path), /%(?:2[DEF]|3\d|[46][1-9A-F]|[57][0-9A]|5F|7E)/u)
      },
    ),
  )
})

test('the one form stays as it is', () => {
  fc.assert(
    fc.property(spelled, ({ one }) => {
      assert.equal(signedPath(signedPath(one)), signedPath(one))
    }),
  )
})

/** The one form of bytes that stand on the request line bare. */
function formOf(path: Buffer): string {
  return signedPath(path.toString('latin1').replaceAll('%', '%25'))
}

test('different bytes have different forms', () => {
  fc.assert(
    fc.property(bytes, bytes, (one, two) => {
      assert.equal(formOf(one) === formOf(two), one.equals(two))
    }),
  )
})

test('a path as we hand it out has its one form already', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }).filter(isSlotPath), (path) => {
      assert.equal(signedPath(encodeSlotPath(path)), encodeSlotPath(path))
      assert.equal(
        signedPath(encodeURI(path).replaceAll(/[?#]/gu, encodeURIComponent)),
        encodeSlotPath(path),
      )
    }),
  )
})

test('what is signed of a target: prefix and path in their one form, the query as received', () => {
  const cases = [
    ['/', 'a/b.txt', '', '/a/b.txt'],
    ['/upload/', 'a/b%20c.txt', 'v=2', '/upload/a/b%20c.txt?v=2'],
    [
      '/',
      'caf\u00c3\u00a9/%e2%82%ac+(1)',
      'v=%2f&w=%2F+',
      '/caf%C3%A9/%E2%82%AC%2B%281%29?v=%2f&w=%2F+',
    ],
    ['/up%6coad/', '%41', 'a?b', '/upload/A?a?b'],
  ] as const
  for (const [prefix, path, query, signed] of cases) {
    assert.equal(signedTarget(prefix, path, query), signed)
  }
})
