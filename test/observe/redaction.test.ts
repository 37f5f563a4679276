import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { redact } from '../../src/observe/redaction.ts'
import { redactByEveryRule } from './plain-redaction.ts'

/** What the rules look for, whole and in pieces; `ſ` and `K` are letters where case does not count. */
const PIECES = [
  ['"token":"', '"TOKEN":"', '"paſſword":"', '"v2":"', '"', '\\"', '\\', ':', ','],
  ['Bearer ', 'bearer\t', 'Baſic ', 'HMAC-Challenge ', 'DPoP\u00a0', ' ', '\n'],
  ['eyJ', 'eyJh.eyJi.sig', '.', '-', '_', 'a', 'Z', '9', 'é', '😀', '\ud83d', '…'],
  ['?', '=', '&', 'v=', 'secret=', 'toKen=', '-/uploads/', '-/PUT/', '/-/put/', '/'],
  ['@', 'romeo@montague.example', '@b.c', 'r…@b.c', '@@', '<', '>', ';', '-/uploadſ/'],
].flat()

test('what redaction spares itself changes no line', () => {
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 3 }))
  const line = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(line, (text) => assert.equal(redact(text), redactByEveryRule(text))),
    { numRuns: 5_000 },
  )
})

test('each thing that is hidden is hidden when it stands alone', () => {
  const secret = 's3cret'
  const lines = [
    `{"authorization":"${secret}"}`,
    `{"X-Session-Key":"${secret}"}`,
    `{"msg":"basic ${secret}"}`,
    `{"msg":"eyJh.${secret}.x"}`,
    `{"path":"/a?v=${secret}"}`,
    `{"msg":"token=${secret}"}`,
    `{"path":"/-/uploads/${secret}"}`,
    `{"path":"-/put/${secret}/a"}`,
    `{"user":"${secret}@montague.example"}`,
  ]
  for (const line of lines) {
    assert.ok(!redact(line).includes(secret), line)
    assert.equal(redact(line), redactByEveryRule(line))
  }
})
