import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSlotRecord } from '../../src/engine/slot-record.ts'
import { isSessionRecord } from '../../src/sessions/session-record.ts'
import { slotRecord } from '../conformance/slot-store.ts'

const SESSION = { key: 'key', openedAt: 1, lastActiveAt: 2, networks: [], uploads: [] }

const GUARDS = [
  { name: 'slot', guard: isSlotRecord, whole: slotRecord() },
  { name: 'session', guard: isSessionRecord, whole: SESSION },
]

for (const { name, guard, whole } of GUARDS) {
  test(`a ${name} that was stored is known again, and anything else is not one`, () => {
    assert.ok(guard(JSON.parse(JSON.stringify(whole))))
    for (const value of [undefined, null, 1, 'text', [], {}]) assert.ok(!guard(value))
  })
}

test('a slot under a name that is no fingerprint, or without a lease, is damaged', () => {
  assert.ok(!isSlotRecord({ ...slotRecord(), fingerprint: 'short' }))
  assert.ok(!isSlotRecord({ ...slotRecord(), lease: null }))
})
