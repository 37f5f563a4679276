import assert from 'node:assert/strict'
import test from 'node:test'
import { randomId } from '../../src/core/random.ts'

test('ids never repeat, across many refills of the pool', () => {
  const ids = new Set(Array.from({ length: 10_000 }, () => randomId(16)))
  assert.equal(ids.size, 10_000)
})

test('an id has the length of its bytes, also one that is longer than the pool', () => {
  for (const bytes of [1, 12, 16, 32, 5000]) {
    assert.equal(Buffer.from(randomId(bytes), 'base64url').length, bytes)
  }
})
