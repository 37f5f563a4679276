import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SlotStore } from '../../src/engine/ports.ts'
import { sqliteSlotStore } from '../../src/stores/sqlite/slot-store.ts'
import { collect, slotRecord, uploadRecord } from '../conformance/slot-store.ts'

/** A folder of its own, removed in the end, and the path of a state file in it. */
async function place(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'slots-'))
  return {
    path: join(folder, 'below', 'state.db'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

function open(path: string): SlotStore {
  return sqliteSlotStore({ path, durability: 'full', busyTimeout: 50 })
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

const unavailable = { name: 'Refusal', code: 'state-unavailable' }

/** Transactions in a write-ahead log: frames that carry the size of the database end one. */
async function commitsIn(path: string): Promise<number> {
  const log = await readFile(`${path}-wal`)
  const frameBytes = 24 + log.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at < log.length; at += frameBytes) {
    if (log.readUInt32BE(at + 4) !== 0) commits++
  }
  return commits
}

test('what was stored is there after the store was closed and opened again', async () => {
  await using at = await place()
  const record = slotRecord({ uploads: [uploadRecord({ resource: 'r' })] })
  {
    await using store = open(at.path)
    await store.create(record)
    await store.claim('c', record.fingerprint)
  }
  await using store = open(at.path)
  assert.deepEqual(await store.find(record.fingerprint), record)
  assert.deepEqual(await store.findByResource('r'), record)
  assert.equal(await store.claim('c', slotRecord().fingerprint), record.fingerprint)
})

test('the folder and the files belong to their owner alone', async () => {
  await using at = await place()
  await using store = open(at.path)
  await store.create(slotRecord())
  assert.equal(await modeOf(join(at.path, '..')), 0o700)
  assert.equal(await modeOf(at.path), 0o600)
  assert.equal(await modeOf(`${at.path}-wal`), 0o600)
})

test('all writes of one turn of the event loop are one transaction', async () => {
  await using at = await place()
  await using store = open(at.path)
  const record = await store.create(slotRecord())
  const before = await commitsIn(at.path)
  await Promise.all([
    ...Array.from({ length: 50 }, () => store.create(slotRecord())),
    store.replace({ ...record, size: 7 }, record.lease),
    store.claim('c', record.fingerprint),
  ])
  assert.equal((await commitsIn(at.path)) - before, 1)
})

test('a write resolves when others can see it, not before', async () => {
  await using at = await place()
  await using store = open(at.path)
  await using other = open(at.path)
  const record = slotRecord()
  const created = store.create(record)
  assert.deepEqual(await store.find(record.fingerprint), record)
  assert.equal(await other.find(record.fingerprint), undefined)
  await created
  assert.deepEqual(await other.find(record.fingerprint), record)
})

test('closing commits the writes that are under way', async () => {
  await using at = await place()
  const record = slotRecord()
  const store = open(at.path)
  const created = store.create(record)
  await store[Symbol.asyncDispose]()
  await created
  await using again = open(at.path)
  assert.deepEqual(await again.find(record.fingerprint), record)
})

test('of two processes with the file open the fencing lets one win', async () => {
  await using at = await place()
  await using server = open(at.path)
  await using command = open(at.path)
  const record = await server.create(slotRecord())
  assert.deepEqual(await command.create({ ...record, size: 7 }), record)
  assert.equal(await command.remove(record.fingerprint, record.lease), true)
  assert.equal(await server.replace(record, record.lease), false)
})

test('while another process keeps the file locked writes are refused and reads go on', async () => {
  await using at = await place()
  await using store = open(at.path)
  const record = await store.create(slotRecord())
  using other = disposable(new DatabaseSync(at.path))
  other.database.exec('BEGIN IMMEDIATE')
  const writes = [store.create(slotRecord()), store.remove(record.fingerprint, record.lease)]
  const found = store.find(record.fingerprint)
  for (const write of writes) await assert.rejects(write, unavailable)
  assert.deepEqual(await found, record)
  other.database.exec('COMMIT')
  await nextTurn()
  assert.equal(await store.remove(record.fingerprint, record.lease), true)
})

test('an empty file of version 0 becomes a state file', async () => {
  await using at = await place()
  const path = join(at.path, '..', '..', 'empty.db')
  await writeFile(path, '')
  await using store = open(path)
  const record = await store.create(slotRecord())
  assert.deepEqual(await store.find(record.fingerprint), record)
})

test('a file of a newer release is refused by name and left alone', async () => {
  await using at = await place()
  await open(at.path)[Symbol.asyncDispose]()
  using other = disposable(new DatabaseSync(at.path))
  other.database.exec('PRAGMA user_version = 99')
  assert.throws(
    () => open(at.path),
    (error: Error) =>
      error.message.includes(at.path) && error.message.includes('newer release (schema 99'),
  )
  const version = other.database.prepare('PRAGMA user_version').get()
  assert.deepEqual({ ...version }, { user_version: 99 })
})

test('a file that is no database is refused by name', async () => {
  await using at = await place()
  const path = join(at.path, '..', '..', 'letter.txt')
  await writeFile(path, 'Dear Romeo, '.repeat(1000))
  assert.throws(() => open(path), { message: new RegExp(`${path} cannot be used`, 'u') })
})

test('a damaged database refuses what it cannot answer and says why', async () => {
  await using at = await place()
  const record = slotRecord()
  {
    await using store = open(at.path)
    await store.create(record)
  }
  const bytes = await readFile(at.path)
  // The first page holds the schema; without it the file would not open at all.
  await writeFile(at.path, bytes.fill(0xff, 4096))
  await using store = open(at.path)
  await assert.rejects(async () => await store.find(record.fingerprint), unavailable)
  await assert.rejects(store.create(record), unavailable)
  await assert.rejects(collect(store.all()), unavailable)
})

for (const [what, text] of [
  ['no JSON', '{"fingerprint":'],
  ['no record', '{"fingerprint":"x"}'],
] as const) {
  test(`a stored text that is ${what} is refused`, async () => {
    await using at = await place()
    await using store = open(at.path)
    const record = await store.create(slotRecord())
    using other = disposable(new DatabaseSync(at.path))
    other.database.prepare('UPDATE slots SET record = ?').run(text)
    await assert.rejects(async () => await store.find(record.fingerprint), unavailable)
  })
}

test('a closed store refuses', async () => {
  const store = open(':memory:')
  await store[Symbol.asyncDispose]()
  await assert.rejects(store.ping(), unavailable)
  await assert.rejects(store.create(slotRecord()), unavailable)
  await store[Symbol.asyncDispose]()
})

test('searches use their indexes', async () => {
  await using at = await place()
  await using store = open(at.path)
  await store.ping()
  using other = disposable(new DatabaseSync(at.path))
  const plan = (query: string): string =>
    String(other.database.prepare(`EXPLAIN QUERY PLAN ${query}`).get()?.['detail'])
  assert.match(
    plan(`SELECT total(size) FROM slots WHERE owner = 'o' AND reserving = 1`),
    /USING COVERING INDEX slots_reserving/u,
  )
  assert.match(
    plan('SELECT record FROM slots WHERE due_at <= 5 ORDER BY due_at LIMIT 9'),
    /USING INDEX slots_due/u,
  )
})

test('a page of unfinished uploads begins at the owner and size that the last one ended with, and sorts nothing', async () => {
  await using at = await place()
  await using store = open(at.path)
  await store.ping()
  using other = disposable(new DatabaseSync(at.path))
  const page = `SELECT owner, size, rowid, record FROM slots INDEXED BY slots_reserving
    WHERE reserving = 1 AND (owner, size, rowid) > ('o', 1, 1) ORDER BY owner, size, rowid LIMIT 9`
  const steps = other.database.prepare(`EXPLAIN QUERY PLAN ${page}`).all()
  assert.deepEqual(
    steps.map(({ detail }) => detail),
    ['SEARCH slots USING INDEX slots_reserving ((owner,size)>(?,?))'],
  )
})

function disposable(database: DatabaseSync): Disposable & { database: DatabaseSync } {
  return { database, [Symbol.dispose]: () => database.close() }
}
