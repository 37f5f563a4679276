import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { turnWriter } from '../../src/stores/sqlite/turn-writer.ts'

const unavailable = { name: 'Refusal', code: 'state-unavailable' }

function database(): Disposable & { db: DatabaseSync; count: () => unknown } {
  const db = new DatabaseSync(':memory:')
  db.exec(`
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (
      id INTEGER PRIMARY KEY,
      parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED,
      body BLOB
    );`)
  return {
    db,
    count: () => db.prepare('SELECT count(*) AS n FROM child').get()?.['n'],
    [Symbol.dispose]: () => db.close(),
  }
}

test('a statement that fails rejects alone', async () => {
  using at = database()
  using writer = turnWriter(at.db)
  const insert = at.db.prepare('INSERT INTO child (id) VALUES (?)')
  const results = await Promise.allSettled(
    [1, 2, 1, 3].map((id) => writer.write(() => insert.run(id))),
  )
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  )
  assert.equal(at.count(), 3)
})

test('a commit that fails rejects all writes of its turn, undoes them, and harms no other turn', async () => {
  using at = database()
  using writer = turnWriter(at.db)
  const insert = at.db.prepare('INSERT INTO child (id, parent) VALUES (?, ?)')
  await writer.write(() => insert.run(1, null))
  // Checked at the commit only: a parent that does not exist.
  const writes = [2, 3].map((id) => writer.write(() => insert.run(id, id === 3 ? 99 : null)))
  for (const write of writes) await assert.rejects(write, unavailable)
  await writer.write(() => insert.run(4, null))
  assert.equal(at.count(), 2)
})

test('when the database is full each write that resolved is there and no other', async () => {
  using at = database()
  using writer = turnWriter(at.db)
  at.db.exec('PRAGMA max_page_count = 40')
  const insert = at.db.prepare('INSERT INTO child (id, body) VALUES (?, zeroblob(9000))')
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, id) => writer.write(() => insert.run(id))),
  )
  const stored = results.filter(({ status }) => status === 'fulfilled').length
  assert.ok(stored < 40)
  assert.equal(at.count(), stored)
})

test('a bug of ours is not taken for trouble with the database', async () => {
  using at = database()
  using writer = turnWriter(at.db)
  const bug = new TypeError('not a function')
  const failing = writer.write(() => {
    throw bug
  })
  await assert.rejects(failing, bug)
})

test('a transaction that cannot begin rejects the writes of its turn without trying each', async () => {
  using at = database()
  using writer = turnWriter(at.db)
  at.db.exec('BEGIN')
  let tried = 0
  const writes = [1, 2].map(() => writer.write(() => tried++))
  for (const write of writes) await assert.rejects(write, unavailable)
  assert.equal(tried, 0)
})
