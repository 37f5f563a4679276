import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parseMetadata } from '../../src/protocols/tus/metadata.ts'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

test('metadata that is missing or empty says nothing', () => {
  assert.equal(parseMetadata(undefined), undefined)
  assert.equal(parseMetadata(''), undefined)
})

test('the text is kept as it came, and filetype comes before type', () => {
  const text = `type ${base64('image/x')},filename ${base64('ä, b.png')}, filetype ${base64('image/png')}`
  assert.deepEqual(parseMetadata(text), { text, types: ['image/png', 'image/x'] })
})

test('a key may stand without a value, with or without its space, and a type said twice is one', () => {
  assert.deepEqual(parseMetadata('is_confidential,type ')?.types, [])
  const same = `type ${base64('a/b')},filetype ${base64('a/b')}`
  assert.deepEqual(parseMetadata(same)?.types, ['a/b'])
})

test('any pairs of keys and values that the standard allows are understood', () => {
  const key = fc.string({ minLength: 1 }).filter((text) => /^[!-+\--~]+$/u.test(text))
  const pairs = fc.uniqueArray(fc.tuple(key, fc.string()), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(pairs, (said) => {
      const text = said.map(([name, value]) => `${name} ${base64(value)}`).join(',')
      assert.equal(parseMetadata(text)?.text, text)
    }),
  )
})

test('metadata that is malformed, names a key twice or is too long is refused', () => {
  const wrong = [
    ',',
    'a b c',
    'a YQ==,a YQ==',
    'name not*base64',
    'ключ YQ==',
    'a  YQ==',
    `a ${'A'.repeat(4096)}`,
  ]
  for (const text of wrong) {
    assert.throws(() => parseMetadata(text), { code: 'bad-request' }, text.slice(0, 20))
  }
})
