import assert from 'node:assert/strict'
import test from 'node:test'
import { keySlot } from '../../src/stores/redis/key-slot.ts'

test('a key has the slot of its CRC16, or of what stands in its first braces', () => {
  // Redis Cluster specification, appendix A: the CRC16 of 123456789 is 31C3.
  assert.equal(keySlot('123456789'), 0x31c3 % 16_384)
  assert.equal(keySlot('{123456789}:slot:a'), keySlot('123456789'))
  assert.equal(keySlot('{123456789}{other}'), keySlot('123456789'))
  assert.notEqual(keySlot('foo{}{bar}'), keySlot('bar'))
})
