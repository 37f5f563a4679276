import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameHash } from '../../src/risk/name-hash.ts'

test('names without a seed are hashed as FNV-1a says', () => {
  // Test vectors of draft-eastlake-fnv, 32 bit.
  assert.deepEqual(
    ['', 'a', 'foobar'].map((name) => nameHash(name, 0)),
    [0x811c9dc5, 0xe40c292c, 0xbf9cf968],
  )
})

test('under another seed a name has another hash', () => {
  assert.notEqual(nameHash('romeo', 1), nameHash('romeo', 2))
})
