import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decimal } from '../../src/core/decimal.ts'

test('every number of up to 15 digits has one way to be written', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 999_999_999_999_999 }),
      fc.integer({ min: 1, max: 3 }),
      (n, zeros) => {
        assert.equal(decimal(String(n)), n)
        assert.equal(decimal('0'.repeat(zeros) + String(n)), undefined)
      },
    ),
  )
})

test('nothing else is a number', () => {
  const others = ['', '-1', '+1', '1.0', '1e3', '0x1', ' 1', '1 ', '1,1', '٣', '1000000000000000']
  for (const text of others) assert.equal(decimal(text), undefined, text)
})
