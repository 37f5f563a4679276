import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { derivedKey } from '../../src/core/hkdf.ts'

test('the key is the first block of RFC 5869, test case 3, which has neither salt nor info', () => {
  const made = derivedKey(Buffer.alloc(22, 0x0b), { salt: '', info: '' })
  const expected = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d'
  assert.equal(made.toString('hex'), expected)
})

test('the key is 32 bytes of HKDF-SHA256, for secrets, salts and infos of any length', () => {
  const secrets = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array))
  const texts = fc.string({ unit: 'binary', maxLength: 100 })
  fc.assert(
    fc.property(secrets, texts, texts, (secret, salt, info) => {
      const expected = Buffer.from(hkdfSync('sha256', secret, salt, info, 32))
      assert.deepEqual(derivedKey(secret, { salt, info }), expected)
    }),
  )
})
