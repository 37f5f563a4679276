import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { mac, macOnce } from '../../src/core/mac.ts'

test('the MAC is that of RFC 4231, test case 2', () => {
  const made = mac(Buffer.from('Jefe'), 'what do ya want for nothing?')
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  assert.equal(made.toString('hex'), expected)
})

test('the MAC is HMAC-SHA256 of the bytes before the text and the text, for secrets of any length', () => {
  const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(bytes, fc.string({ unit: 'binary' }), bytes, (secret, text, prefix) => {
      const expected = createHmac('sha256', secret).update(prefix).update(text).digest()
      assert.deepEqual(mac(secret, text, prefix), expected)
      assert.deepEqual(mac(secret, text, prefix), expected)
      assert.deepEqual(macOnce(secret, text, prefix), expected)
    }),
  )
})
