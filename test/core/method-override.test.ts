import assert from 'node:assert/strict'
import test from 'node:test'
import { methodOf } from '../../src/core/method-override.ts'

function meant(method: string, field: string): string {
  return methodOf({ method, headers: { 'x-http-method-override': field } })
}

test('a POST may mean PATCH, DELETE or HEAD, and nothing else', () => {
  for (const other of ['PATCH', 'DELETE', 'HEAD']) assert.equal(meant('POST', other), other)
  assert.equal(meant('POST', 'patch'), 'PATCH')
  for (const other of ['PUT', 'GET', '', 'PATCH, DELETE'])
    assert.equal(meant('POST', other), 'POST')
  assert.equal(methodOf({ method: 'POST', headers: {} }), 'POST')
})

test('other methods than POST mean themselves', () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH'])
    assert.equal(meant(method, 'DELETE'), method)
})
