import { DatabaseSync } from 'node:sqlite'

/** SQLITE_BUSY. */
const BUSY = 5

/**
 * Takes the lock at `path`, an empty database that is made if it is not there, until it is disposed of. The operating
 * system gives it back when the process ends, however it does, so that there is nothing to clean up after a crash.
 * Throws an error that says `taken` if another process has it, and that of SQLite if it cannot be had at all.
 */
export function lockFile(path: string, taken: string): Disposable {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Not in WAL mode, where a lock of the file is none.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return { [Symbol.dispose]: () => database.close() }
  } catch (cause) {
    database.close()
    const isTaken = cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY
    throw isTaken ? new Error(taken, { cause }) : cause
  }
}
