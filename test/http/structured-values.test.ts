import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { booleanIn, dictionaryIn, integerIn } from '../../src/http/structured-values.ts'

test('an integer is read in its one form, with parameters or without', () => {
  for (const text of ['0', '42', '-7', '999999999999999', ' 5 ', '5;a', '5; a=1;b="x"']) {
    assert.equal(integerIn(text), Number.parseInt(text, 10), text)
  }
})

test('what is no integer says nothing', () => {
  const texts = [
    '',
    '1.0',
    '+1',
    '1e3',
    '0x10',
    '1000000000000000',
    '1, 2',
    '"1"',
    '?1',
    '1;',
    'a',
    '１',
  ]
  for (const text of texts) assert.equal(integerIn(text), undefined, text)
  assert.equal(integerIn(undefined), undefined)
  assert.equal(integerIn(['1']), undefined)
})

test('a Boolean is ?0 or ?1 and nothing else', () => {
  assert.deepEqual([booleanIn('?1'), booleanIn('?0'), booleanIn('?1;a=b')], [true, false, true])
  for (const text of ['true', 'false', '1', '0', '?2', '?', '?1, ?0', '"?1"', '']) {
    assert.equal(booleanIn(text), undefined, text)
  }
})

test('a dictionary is read member by member, the last of a name counts', () => {
  const members = dictionaryIn('a=1, b=:aGVsbG8=:;q=1 ,c, a=2,d="x, y"')
  assert.deepEqual([...members.keys()], ['a', 'b', 'c', 'd'])
  assert.deepEqual([members.get('a'), members.get('c'), members.get('d')], [2, true, undefined])
  assert.equal(String(members.get('b')), 'hello')
})

test('a dictionary with one mistake is none', () => {
  for (const text of ['a=1,', 'a=1 b=2', ',a=1', 'A=1', 'a=(1 2)', 'a=:??:', 'a=']) {
    assert.equal(dictionaryIn(text).size, 0, text)
  }
})

test('every integer and every byte sequence comes back as it was written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
      fc.uint8Array(),
      (number, bytes) => {
        assert.equal(integerIn(String(number)), number)
        const encoded = Buffer.from(bytes)
        const members = dictionaryIn(`n=${number}, b=:${encoded.toString('base64')}:`)
        assert.deepEqual([members.get('n'), members.get('b')], [number, encoded])
      },
    ),
  )
})

test('no text makes the parser fail', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('?:;,="\\ \ta1-.*@')) })
  fc.assert(
    fc.property(text, (field) => {
      integerIn(field)
      booleanIn(field)
      dictionaryIn(field)
    }),
  )
})
