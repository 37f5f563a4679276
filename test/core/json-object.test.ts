import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodedObject } from '../../src/core/json-object.ts'

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url')
}

test('a part that encodes an object is that object', () => {
  assert.deepEqual(decodedObject(encoded('{"alg":"ES256"}')), { alg: 'ES256' })
})

test('a part that encodes anything else is none', () => {
  for (const text of ['', 'null', '"text"', '7', '{"alg":'])
    assert.equal(decodedObject(encoded(text)), undefined, text)
})
