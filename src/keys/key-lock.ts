import { chownSync, closeSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { OperatorError } from '../core/operator-error.ts'

/** SQLITE_BUSY. */
const BUSY = 5

/**
 * Keeps others from changing the key file until it is disposed of; reading needs no lock. The operating system gives
 * the lock (an empty database beside the file) back when the process ends, however it does. Throws an
 * `OperatorError` if another process has it, or if there is no key file.
 */
export function lockKeyFile(file: string): Disposable {
  const lock = `${file}.lock`
  try {
    giveAs(file, lock)
    return locked(new DatabaseSync(lock, { timeout: 0 }))
  } catch (cause) {
    throw new OperatorError(`The master key file ${file} cannot be changed`, cause)
  }
}

/** Makes the lock the same user's as the file: a command that is run as root must not lock the server out. */
function giveAs(file: string, lock: string): void {
  const { uid, gid } = statSync(file)
  closeSync(openSync(lock, 'a', 0o600))
  const own = statSync(lock)
  if (own.uid !== uid || own.gid !== gid) chownSync(lock, uid, gid)
}

function locked(database: DatabaseSync): Disposable {
  try {
    // Not in WAL mode, where a lock of the file is none.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return { [Symbol.dispose]: () => database.close() }
  } catch (cause) {
    database.close()
    const isBusy = cause instanceof Error && 'errcode' in cause && cause.errcode === BUSY
    throw isBusy ? new Error('another process changes it just now; try again', { cause }) : cause
  }
}
