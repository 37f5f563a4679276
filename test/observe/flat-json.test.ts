import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { jsonMembers } from '../../src/observe/flat-json.ts'

test('members are what JSON.stringify makes of the same fields', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\n', '\ud800'))
  const value = fc.oneof(text, fc.double(), fc.integer(), fc.constant(undefined))
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/u), value), (fields) => {
      const members = jsonMembers(fields)
      assert.equal(`{${members.slice(1)}}`, JSON.stringify(fields))
    }),
  )
})
