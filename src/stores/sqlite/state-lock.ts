import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../core/folder.ts'
import { OperatorError } from '../../core/operator-error.ts'

/**
 * Keeps other servers away from the state file at `path` until it is disposed of. The operating
 * system gives the lock (a file beside it) back when the process ends, however it does, so that there is
 * nothing to clean up after a crash. Throws an `OperatorError` if another process has it.
 */
export function lockState(path: string): Disposable {
  try {
    makeFolder(dirname(path), 0o700)
    return locked(new DatabaseSync(`${path}.lock`, { timeout: 0 }))
  } catch (cause) {
    throw new OperatorError(`The state file ${path} cannot be used`, cause)
  }
}

function locked(database: DatabaseSync): Disposable {
  try {
    // Not in WAL mode, where a lock of the file is none.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return { [Symbol.dispose]: () => database.close() }
  } catch (cause) {
    database.close()
    const remedy = 'give each server a session_store.path and a storage.url of its own'
    throw new Error(`another server uses it; ${remedy}`, { cause })
  }
}
