import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { NOWHERE, type Passing, passingSet } from '../../src/core/passing-set.ts'

test('the set has what was put in and not taken out, each once', () => {
  const step = fc.record({ item: fc.nat({ max: 9 }), isAdded: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const items: readonly Passing[] = Array.from({ length: 10 }, () => ({ seat: NOWHERE }))
      const set = passingSet()
      const expected = new Set<Passing>()
      for (const { item: at, isAdded } of steps) {
        const item = items[at]
        assert.ok(item !== undefined)
        if (isAdded) {
          set.add(item)
          expected.add(item)
        } else assert.equal(set.delete(item), expected.delete(item))
        assert.deepEqual(new Set(set.all()), expected)
        assert.deepEqual([set.all().length, set.size], [expected.size, expected.size])
        for (const each of items) assert.equal(set.has(each), expected.has(each))
      }
    }),
  )
})

test('what is taken out while all are looked at is looked at nevertheless', () => {
  const set = passingSet()
  for (let n = 0; n < 3; n++) set.add({ seat: NOWHERE })
  let seen = 0
  for (const item of set.all()) {
    seen += 1
    set.delete(item)
  }
  assert.deepEqual([seen, set.size], [3, 0])
})

test('what is in one set is not put into another', () => {
  const item = { seat: NOWHERE }
  const [one, other] = [passingSet(), passingSet()]
  one.add(item)
  assert.throws(() => other.add(item), /in another set/u)
  one.delete(item)
  other.add(item)
  assert.deepEqual([one.size, other.size], [0, 1])
})
