import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areDeletedForAbuse } from '../../../src/risk/threats/uploads-deleted-for-abuse.ts'

const LIMITS = { deletes: 3, share: 90, window: 1000 }

function isFound(deleted: number, standing: number): boolean {
  return areDeletedForAbuse({ deleted, standing }, LIMITS)
}

test('a user all of whose files were removed for abuse is found, and one harmless file among many changes nothing', () => {
  assert.ok(isFound(3, 0))
  assert.ok(isFound(9, 1))
})

test('a few files that somebody complained about are not enough', () => {
  assert.ok(!isFound(2, 0))
  assert.ok(!isFound(0, 0))
})

test('who uses the service as others do, and went wrong a few times, is not found', () => {
  assert.ok(!isFound(3, 1))
  assert.ok(!isFound(8, 1))
  assert.ok(!isFound(10, 200))
})
