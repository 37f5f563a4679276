import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateConditions, rangeApplies } from '../../src/protocols/download/preconditions.ts'

const lastModified = Date.UTC(1994, 10, 6, 8, 49, 37)
const FILE = { etag: '"abc"', lastModified }
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT'
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'

const VERDICTS = [
  [{}, 'proceed'],
  [{ 'if-none-match': '"abc"' }, 'not-modified'],
  [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
  [{ 'if-none-match': '"x", W/"y,z" ,"abc"' }, 'not-modified'],
  [{ 'if-none-match': ' * ' }, 'not-modified'],
  [{ 'if-none-match': '"other"' }, 'proceed'],
  [{ 'if-none-match': '"x,\\"abc\\""' }, 'proceed'],
  [{ 'if-none-match': '' }, 'proceed'],
  [{ 'if-modified-since': SAME }, 'not-modified'],
  [{ 'if-modified-since': LATER }, 'not-modified'],
  [{ 'if-modified-since': EARLIER }, 'proceed'],
  [{ 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 'not-modified'],
  [{ 'if-modified-since': 'Sun Nov  6 08:49:37 1994' }, 'not-modified'],
  [{ 'if-modified-since': '2099' }, 'proceed'],
  [{ 'if-modified-since': 'Sunny GMT' }, 'proceed'],
  // RFC 9110 §13.1.3: If-None-Match beside it makes it void.
  [{ 'if-none-match': '"other"', 'if-modified-since': LATER }, 'proceed'],
  [{ 'if-match': '"abc"' }, 'proceed'],
  [{ 'if-match': '"x", "abc"' }, 'proceed'],
  [{ 'if-match': '*' }, 'proceed'],
  [{ 'if-match': 'W/"abc"' }, 'failed'],
  [{ 'if-match': '"x"' }, 'failed'],
  [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 'failed'],
  [{ 'if-unmodified-since': SAME }, 'proceed'],
  [{ 'if-unmodified-since': EARLIER }, 'failed'],
  [{ 'if-unmodified-since': 'never' }, 'proceed'],
  // RFC 9110 §13.1.4: If-Match beside it makes it void.
  [{ 'if-match': '"abc"', 'if-unmodified-since': EARLIER }, 'proceed'],
] as const

for (const [headers, verdict] of VERDICTS) {
  test(`D21: ${JSON.stringify(headers)} means ${verdict}`, () => {
    assert.equal(evaluateConditions(headers, FILE), verdict)
  })
}

const IF_RANGE = [
  [undefined, true],
  ['"abc"', true],
  ['W/"abc"', false],
  ['"x"', false],
  [SAME, true],
  [EARLIER, false],
  [LATER, false],
  ['yesterday', false],
] as const

for (const [condition, applies] of IF_RANGE) {
  test(`D21: If-Range ${condition} lets the range count: ${applies}`, () => {
    assert.equal(rangeApplies({ 'if-range': condition }, FILE), applies)
  })
}
