import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../src/core/refusals.ts'
import {
  encodeSlotPath,
  fingerprintOf,
  isSlotPath,
  parseSlotPath,
} from '../../src/core/slot-path.ts'

const refused = (raw: string): void => {
  assert.throws(() => parseSlotPath(raw), { name: 'Refusal', code: 'bad-path' }, raw)
}

test('a path is decoded once, and + stays +', () => {
  assert.equal(parseSlotPath('id/a%20b+c%252F.txt'), 'id/a b+c%2F.txt')
  assert.equal(parseSlotPath('id/%c3%9c.txt'), 'id/Ü.txt')
  assert.equal(parseSlotPath('id/%C3%9C.txt'), 'id/Ü.txt')
})

test('raw UTF-8 on the request line means the same as its escapes', () => {
  const raw = Buffer.from('id/Ünïcödé 日本.txt').toString('latin1')
  assert.equal(parseSlotPath(raw), 'id/Ünïcödé 日本.txt')
})

test('a backslash is part of a name', () => {
  assert.equal(parseSlotPath('id/back%5cslash.txt'), 'id/back\\slash.txt')
})

test('D0: nothing that could leave a folder is a path', () => {
  const corpus = [
    '', '/', 'a/', '/a', 'a//b', '.', '..', 'a/.', 'a/..', '../a', 'a/../b', '%2e%2e/a', 'a/%2E%2e',
    '..%2f..%2fetc%2fpasswd', 'a%2Fb', 'a%2fb', 'a%00b', 'a\u0000b', 'a%0ab', 'a%7f', 'a%c2%80', 'a%',
    'a%zz', 'a%c3', '%c0%ae%c0%ae/a', '%ed%a0%80', 'a\u0001',
  ] // prettier-ignore
  for (const raw of corpus) refused(raw)
  assert.ok(corpus.length > 20)
})

test('a path of 2 KiB is accepted, a longer one is not', () => {
  assert.equal(parseSlotPath('a'.repeat(2048)).length, 2048)
  refused('a'.repeat(2049))
})

test('whatever is asked, the answer is a safe path or a refusal', () => {
  const segment = fc.oneof(
    fc.string(),
    fc.constantFrom('..', '.', '%2e', '%2f', '%5c', '%00', 'a', '%c3%9c', '%'),
  )
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
      try {
        const path = parseSlotPath(segments.join('/'))
        assert.ok(isSlotPath(path))
        for (const name of path.split('/')) assert.ok(!['', '.', '..'].includes(name))
      } catch (error) {
        assert.ok(error instanceof Refusal && error.code === 'bad-path')
      }
    }),
  )
})

test('an encoded path decodes to itself', () => {
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 4 }), (segments) => {
      const text = segments.join('/')
      fc.pre(isSlotPath(text))
      const encoded = encodeSlotPath(text)
      assert.match(encoded, /^[\w.~%/-]*$/u)
      fc.pre(encoded.length <= 2048)
      assert.equal(parseSlotPath(encoded), text)
    }),
  )
})

test('a fingerprint is the SHA-256 of the path behind its domain', () => {
  const path = parseSlotPath('id/%c3%9c.txt')
  const digest = createHash('sha256').update('slot/1\0').update(path).digest('base64url')
  assert.equal(fingerprintOf(path), digest)
})
