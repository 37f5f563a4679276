import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaTypeOr } from '../../src/core/media-type.ts'

const VALID = [
  'image/png',
  'text/plain; charset=utf-8',
  'a/b;c="d;\\"e"',
  'a/b ; c=d;e=f',
  'a/b;',
  'a/b;c="\t\\\t"',
]
for (const type of [...VALID, 'application/vnd.x+json']) {
  test(`the valid type ${type} is kept`, () => assert.equal(mediaTypeOr(type), type))
}

const INVALID = [
  '',
  'png',
  'image/',
  '/png',
  'image/png\r\nx: y',
  'a/b; c',
  'a/b c',
  'a/b;c="',
  'ä/b',
]
for (const type of INVALID) {
  test(`D20: the invalid type ${JSON.stringify(type)} becomes octets`, () => {
    assert.equal(mediaTypeOr(type), 'application/octet-stream')
  })
}

test('a type made to be hard to read is judged at once', () => {
  const started = performance.now()
  mediaTypeOr(`a/b${';                '.repeat(1000)}!`)
  mediaTypeOr(`a/b;${' '.repeat(20_000)}`)
  assert.ok(performance.now() - started < 1000)
})

test('a type that nobody named is octets', () => {
  assert.equal(mediaTypeOr(undefined), 'application/octet-stream')
})
