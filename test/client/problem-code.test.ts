import assert from 'node:assert/strict'
import test from 'node:test'
import { problemCode } from '../../src/client/problem-code.ts'

test('the code of a problem document is found', () => {
  const document = { type: 'about:blank', status: 409, code: 'slot-spent' }
  assert.deepEqual(problemCode(JSON.stringify(document)), { problem: 'slot-spent' })
})

const LONG = `{"code":"${'a'.repeat(65)}"}`

for (const text of [
  '',
  '<html></html>',
  'null',
  '7',
  '"code"',
  '[]',
  '{}',
  '{"code":7}',
  '{"code":"\\u001b[2J"}',
  '{"code":"a b"}',
  '{"code":""}',
  LONG,
]) {
  test(`there is no code in “${text}”`, () => {
    assert.deepEqual(problemCode(text), {})
  })
}
