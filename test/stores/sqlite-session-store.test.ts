import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { sqliteSessions } from '../../src/stores/sqlite/session-store.ts'
import { sqliteSlots } from '../../src/stores/sqlite/slot-store.ts'
import { type SqliteState, openState } from '../../src/stores/sqlite/state.ts'
import { sessionRecord } from '../conformance/session-store.ts'
import { slotRecord } from '../conformance/slot-store.ts'

/** A folder of its own, removed in the end, and the path of a state file in it. */
async function place(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-'))
  return {
    path: join(folder, 'state.db'),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
  }
}

function open(path: string): SqliteState {
  return openState({ path, durability: 'full', busyTimeout: 50 })
}

test('sessions are there after the state file was closed and opened again', async () => {
  await using at = await place()
  const record = sessionRecord()
  {
    using state = open(at.path)
    await sqliteSessions(state).save([record])
  }
  using state = open(at.path)
  assert.deepEqual(await sqliteSessions(state).find(record.key), record)
})

test('sessions and slots share one file, and may be written in the same turn', async () => {
  await using at = await place()
  using state = open(at.path)
  const [slots, sessions] = [sqliteSlots(state), sqliteSessions(state)]
  const [slot, session] = [slotRecord(), sessionRecord()]
  await Promise.all([
    slots.create(slot),
    sessions.save([session]),
    slots.claim('c', slot.fingerprint),
  ])
  assert.deepEqual(await slots.find(slot.fingerprint), slot)
  assert.deepEqual(await sessions.find(session.key), session)
})

test('a damaged session is trouble with the state, not an empty session', async () => {
  await using at = await place()
  using state = open(at.path)
  const sessions = sqliteSessions(state)
  const record = sessionRecord()
  await sessions.save([record])
  for (const damage of ['{}', 'no JSON']) {
    state.database.prepare('UPDATE sessions SET record = ?').run(damage)
    await assert.rejects(sessions.find(record.key), { code: 'state-unavailable' })
  }
})

test('a state file of the release before gets sessions, and spent slots lose their network', async () => {
  await using at = await place()
  const spent = slotRecord({ state: 'spent', path: '', uploads: [] })
  const kept = slotRecord()
  {
    using state = open(at.path)
    await sqliteSlots(state).create(spent)
    await sqliteSlots(state).create(kept)
  }
  {
    using old = new DatabaseSync(at.path)
    old.exec('DROP TABLE sessions; DROP TABLE nonces; DROP TABLE marks; PRAGMA user_version = 1')
  }
  using state = open(at.path)
  assert.equal(await sqliteSessions(state).count(), 0)
  assert.equal((await sqliteSlots(state).find(spent.fingerprint))?.network, '')
  assert.deepEqual(await sqliteSlots(state).find(kept.fingerprint), kept)
})
