import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { SessionStore } from '../../sessions/ports.ts'
import type { SessionRecord } from '../../sessions/session-record.ts'
import { parseSession } from './record-text.ts'
import type { SqliteState } from './state.ts'
import { guarded } from './state-errors.ts'

/** Records of sessions in an open state file. Trouble with the file is `Refusal('state-unavailable')`. */
export function sqliteSessions({ database, writer }: SqliteState): SessionStore {
  const statements = prepareStatements(database)
  return {
    find: async (key) => {
      const row = guarded(() => statements.find.get(key))
      return row === undefined ? undefined : parseSession(row['record'])
    },
    save: async (records) => {
      if (records.length === 0) return
      await writer.write(() => {
        for (const record of records) statements.save.run(...columnsOf(record))
      })
    },
    replace: async (record, revision) =>
      await writer.write(() => {
        const { changes } = statements.replace.run(...columnsOf(record), revision)
        return Number(changes) === 1
      }),
    remove: async (keys) => {
      if (keys.length === 0) return 0
      return await writer.write(() => {
        const removed = keys.map((key) => Number(statements.remove.run(key).changes))
        return removed.reduce((sum, changes) => sum + changes, 0)
      })
    },
    count: async () => Number(guarded(() => statements.count.get())?.['sessions']),
    openedBefore: async (moment, limit) =>
      guarded(() => statements.openedBefore.all(moment, limit)).map(sessionIn),
    idle: async (limit) => guarded(() => statements.idle.all(limit)).map(sessionIn),
    [Symbol.asyncDispose]: async () => {},
  }
}

type Statement = 'find' | 'save' | 'replace' | 'remove' | 'count' | 'openedBefore' | 'idle'

function prepareStatements(database: DatabaseSync): Record<Statement, StatementSync> {
  return {
    find: database.prepare('SELECT record FROM sessions WHERE key = ?'),
    save: database.prepare(
      `INSERT INTO sessions (key, record, opened_at, last_active_at, idle)
       VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT DO UPDATE SET record = ?2, opened_at = ?3, last_active_at = ?4, idle = ?5`,
    ),
    replace: database.prepare(
      `UPDATE sessions SET record = ?2, opened_at = ?3, last_active_at = ?4, idle = ?5
       WHERE key = ?1 AND record ->> '$.revision' = ?6`,
    ),
    remove: database.prepare('DELETE FROM sessions WHERE key = ?'),
    count: database.prepare('SELECT count(*) AS sessions FROM sessions'),
    openedBefore: database.prepare(
      'SELECT record FROM sessions WHERE opened_at <= ? ORDER BY opened_at LIMIT ?',
    ),
    idle: database.prepare(
      'SELECT record FROM sessions WHERE idle = 1 ORDER BY last_active_at LIMIT ?',
    ),
  }
}

function sessionIn(row: Record<string, SQLOutputValue>): SessionRecord {
  return parseSession(row['record'])
}

/** The values of `save`'s columns, in their order. */
function columnsOf(record: SessionRecord): (string | number)[] {
  const { key, openedAt, lastActiveAt, uploads } = record
  return [key, JSON.stringify(record), openedAt, lastActiveAt, Number(uploads.length === 0)]
}
