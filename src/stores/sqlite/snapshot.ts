import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { guarded } from './state-errors.ts'

/** Milliseconds for which a busy database is tried. */
const BUSY_TIMEOUT = 5_000

/**
 * Copies the database `from`, as it is at one moment, to the new file `to` (0600), on stable storage
 * when it returns. A server may go on writing to it: a reader of the write-ahead log holds nobody up.
 * Throws the operating system's error if there is no `from` or `to` exists already; what SQLite
 * reports is `Refusal('state-unavailable')`.
 */
export function snapshotDatabase(from: string, to: string): void {
  accessSync(from, constants.R_OK)
  // SQLite takes an empty file, and would make one that everybody can read.
  closeSync(openSync(to, 'wx', 0o600))
  guarded(() => {
    const database = new DatabaseSync(from, { readOnly: true, timeout: BUSY_TIMEOUT })
    try {
      // Copies within one read transaction, unlike SQLite's backup API, which starts again after
      // every commit of another process.
      database.prepare('VACUUM INTO ?').run(to)
    } finally {
      database.close()
    }
  })
}
