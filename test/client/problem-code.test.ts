import assert from 'node:assert/strict'
import test from 'node:test'
import { problemCode } from '../../src/client/problem-code.ts'

test('the code of a problem document is found', () => {
  const document = { type: 'about:blank', status: 409, code: 'slot-spent' }
  assert.deepEqual(problemCode(JSON.stringify(document)), { problem: 'slot-spent' })
})

for (const text of ['', '<html></html>', 'null', '7', '"code"', '[]', '{}', '{"code":7}']) {
  test(`there is no code in “${text}”`, () => {
    assert.deepEqual(problemCode(text), {})
  })
}
