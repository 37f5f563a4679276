import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { dispositionOf } from '../../src/protocols/download/content-rules.ts'

const path = parseSlotPath('id/name.bin')

const INLINE = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']
for (const type of [
  ...INLINE,
  'audio/ogg',
  'video/mp4',
  'text/plain',
  'Text/Plain; charset=utf-8',
]) {
  test(`${type} is shown by the browser, and has a name`, () => {
    assert.equal(dispositionOf(path, type), 'inline; filename=name.bin')
  })
}

const ATTACHED = [
  'image/svg+xml',
  'text/html',
  'application/xhtml+xml',
  'application/pdf',
  'text/xml',
]
const TRICKS = [
  'image/png+svg',
  'text/plainx',
  'ximage/png',
  'text/html;image/png',
  'text/javascript',
]
for (const type of [
  ...ATTACHED,
  ...TRICKS,
  'image/tiff',
  'application/octet-stream',
  'IMAGE/SVG+XML',
]) {
  test(`D20: ${type} is only ever saved, never shown`, () => {
    assert.equal(dispositionOf(path, type), 'attachment; filename=name.bin')
  })
}

const NAMES = [
  ['a/b c.txt', 'attachment; filename="b c.txt"'],
  ['a/back%5cslash.txt', 'attachment; filename="back\\\\slash.txt"'],
  ['a/say%20%22hi%22', 'attachment; filename="say \\"hi\\""'],
  ['a/%e2%82%ac.txt', `attachment; filename="?.txt"; filename*=utf-8''%E2%82%AC.txt`],
] as const
for (const [raw, expected] of NAMES) {
  test(`the name of ${raw} is written as RFC 6266 wants it`, () => {
    const disposition = dispositionOf(parseSlotPath(raw), 'application/pdf')
    assert.equal(disposition.replace(/utf-8''/iu, "utf-8''"), expected)
  })
}

test('no file name breaks the header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      fc.pre(name.isWellFormed() && name !== '.' && name !== '..')
      // eslint-disable-next-line no-control-regex -- a path has none
      fc.pre(!/[\u0000-\u001f\u007f-\u009f/]/u.test(name))
      const disposition = dispositionOf(parseSlotPath(encodeURIComponent(name)), 'a/b')
      assert.match(disposition, /^attachment; [\t -~]+$/u)
    }),
  )
})
