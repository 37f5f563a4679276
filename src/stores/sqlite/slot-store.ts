import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SlotStore } from '../../engine/ports.ts'
import { isReserving, type SlotRecord } from '../../engine/slot-record.ts'
import { parseFingerprint, parseRecord } from './record-text.ts'
import { type SqliteState, type StateOptions, openState } from './state.ts'
import { guarded } from './state-errors.ts'

/** Records read at once by `all` and `reserving`. */
const PAGE = 256

/** Records of slots in a SQLite file of their own; as {@link sqliteSlots}. Disposing closes the file. */
export function sqliteSlotStore(options: StateOptions): SlotStore {
  const state = openState(options)
  return {
    ...sqliteSlots(state),
    [Symbol.asyncDispose]: async () => state[Symbol.dispose](),
  }
}

/**
 * Records of slots in an open state file. Other processes may have it open.
 *
 * Writes of one event-loop turn are committed together; reads see them at once. Trouble with the
 * file is `Refusal('state-unavailable')`.
 */
export function sqliteSlots({ database, writer }: SqliteState): SlotStore {
  const statements = prepareStatements(database)

  /** Comes before the record: a name too many is harmless, one that is missing loses an upload. */
  function addResources({ fingerprint, uploads }: SlotRecord): void {
    for (const { resource } of uploads) {
      if (resource !== undefined) statements.addResource.run(resource, fingerprint)
    }
  }

  return {
    find: (fingerprint) => readRecord(statements.find, fingerprint),
    findByResource: async (resource) => {
      const record = readRecord(statements.findByResource, resource)
      return record?.uploads.some((upload) => upload.resource === resource) ? record : undefined
    },
    create: (record) =>
      writer.write(() => {
        addResources(record)
        if (statements.create.run(...columnsOf(record)).changes === 1) return record
        return parseRecord(statements.find.get(record.fingerprint)?.['record'])
      }),
    replace: (record, held) =>
      writer.write(() => {
        addResources(record)
        const { changes } = statements.replace.run(...columnsOf(record), held.epoch, held.id)
        return changes === 1
      }),
    remove: (fingerprint, held) =>
      writer.write(() => statements.remove.run(fingerprint, held.epoch, held.id).changes === 1),
    reserved: async (owner) => {
      const row = guarded(() => statements.reserved.get(owner))
      return { uploads: Number(row?.['uploads']), bytes: Number(row?.['bytes']) }
    },
    claim: (claim, fingerprint) =>
      writer.write(() => {
        if (statements.claim.run(claim, fingerprint).changes === 1) return fingerprint
        return parseFingerprint(statements.claimed.get(claim)?.['fingerprint'])
      }),
    due: async (now, limit) =>
      guarded(() => statements.due.all(now, limit)).map((row) => parseRecord(row['record'])),
    reserving: () => pages(statements.reservingPage, { owner: '', size: -1, rowid: 0 }),
    all: () => pages(statements.page, { fingerprint: '' }),
    ping: async () => {
      guarded(() => statements.ping.get())
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

type Statement =
  | 'find'
  | 'findByResource'
  | 'create'
  | 'replace'
  | 'remove'
  | 'reserved'
  | 'addResource'
  | 'claim'
  | 'claimed'
  | 'due'
  | 'reservingPage'
  | 'page'
  | 'ping'

function prepareStatements(database: DatabaseSync): Record<Statement, StatementSync> {
  return {
    find: database.prepare('SELECT record FROM slots WHERE fingerprint = ?'),
    findByResource: database.prepare(
      'SELECT record FROM resources JOIN slots USING (fingerprint) WHERE resource = ?',
    ),
    create: database.prepare(
      `INSERT INTO slots (fingerprint, record, owner, size, reserving, due_at, lease_epoch, lease_id)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING`,
    ),
    replace: database.prepare(
      `UPDATE slots SET record = ?2, owner = ?3, size = ?4, reserving = ?5, due_at = ?6,
         lease_epoch = ?7, lease_id = ?8
       WHERE fingerprint = ?1 AND lease_epoch = ?9 AND lease_id = ?10`,
    ),
    remove: database.prepare(
      'DELETE FROM slots WHERE fingerprint = ? AND lease_epoch = ? AND lease_id = ?',
    ),
    reserved: database.prepare(
      `SELECT count(*) AS uploads, total(size) AS bytes FROM slots WHERE owner = ? AND reserving = 1`,
    ),
    addResource: database.prepare(
      'INSERT INTO resources (resource, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    claim: database.prepare(
      'INSERT INTO claims (claim, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    claimed: database.prepare('SELECT fingerprint FROM claims WHERE claim = ?'),
    due: database.prepare('SELECT record FROM slots WHERE due_at <= ? ORDER BY due_at LIMIT ?'),
    // In the order of the index: in any other, every page would read and sort all that are left.
    reservingPage: database.prepare(
      `SELECT owner, size, rowid, record FROM slots INDEXED BY slots_reserving
       WHERE reserving = 1 AND (owner, size, rowid) > (?1, ?2, ?3)
       ORDER BY owner, size, rowid LIMIT ${PAGE}`,
    ),
    page: database.prepare(
      `SELECT fingerprint, record FROM slots WHERE fingerprint > ? ORDER BY fingerprint LIMIT ${PAGE}`,
    ),
    ping: database.prepare('SELECT 1 FROM slots LIMIT 1'),
  }
}

function readRecord(statement: StatementSync, key: string): SlotRecord | undefined {
  const row = guarded(() => statement.get(key))
  return row === undefined ? undefined : parseRecord(row['record'])
}

/** All records of a statement that reads on after the values of some columns; `first`: what is before all of them. */
async function* pages(
  page: StatementSync,
  first: Readonly<Record<string, SQLInputValue>>,
): AsyncGenerator<SlotRecord> {
  for (let after = Object.values(first); ;) {
    const rows = guarded(() => page.all(...after))
    for (const row of rows) yield parseRecord(row['record'])
    const last = rows.at(-1)
    if (last === undefined) return
    // Others get their turn: there may be millions of records.
    await nextTurn()
    after = Object.keys(first).map((column) => last[column] ?? null)
  }
}

/** The values of `create`'s columns, in their order. */
function columnsOf(record: SlotRecord): (string | number | null)[] {
  return [
    record.fingerprint,
    JSON.stringify(record),
    record.owner,
    record.size,
    Number(isReserving(record)),
    record.dueAt ?? null,
    record.lease.epoch,
    record.lease.id,
  ]
}
