import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SlotStore } from '../../src/engine/ports.ts'
import { snapshotDatabase } from '../../src/stores/sqlite/snapshot.ts'
import { sqliteSlotStore } from '../../src/stores/sqlite/slot-store.ts'
import { collect, slotRecord } from '../conformance/slot-store.ts'

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snapshot-'))
  t.after(async () => await rm(folder, { recursive: true }))
  return folder
}

function open(path: string): SlotStore {
  return sqliteSlotStore({ path, durability: 'full' })
}

test('a snapshot holds what was committed when it was made, and nothing later', async (t) => {
  const folder = await folderOf(t)
  const [from, to] = [join(folder, 'state.db'), join(folder, 'copy.db')]
  await using live = open(from)
  const early = slotRecord()
  await live.create(early)
  const late = live.create(slotRecord())
  snapshotDatabase(from, to)
  await late
  assert.equal((await stat(to)).mode & 0o777, 0o600)
  await using copy = open(to)
  assert.deepEqual(await collect(copy.all()), [early])
})

test('a database that nobody has open is copied, too', async (t) => {
  const folder = await folderOf(t)
  const [from, to] = [join(folder, 'state.db'), join(folder, 'copy.db')]
  await open(from)[Symbol.asyncDispose]()
  snapshotDatabase(from, to)
  await using copy = open(to)
  await copy.ping()
})

test('neither is an existing file overwritten nor a missing database made', async (t) => {
  const folder = await folderOf(t)
  const path = join(folder, 'state.db')
  assert.throws(() => snapshotDatabase(path, join(folder, 'copy.db')), { code: 'ENOENT' })
  assert.deepEqual(await readdir(folder), [])
  await using _live = open(path)
  assert.throws(() => snapshotDatabase(path, path), { code: 'EEXIST' })
})
