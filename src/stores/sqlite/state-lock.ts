import { dirname } from 'node:path'
import { lockFile } from '../../core/file-lock.ts'
import { makeFolder } from '../../core/folder.ts'
import { OperatorError } from '../../core/operator-error.ts'

const TAKEN =
  'another server uses it; give each server a session_store.path and a storage.url of its own'

/**
 * Keeps other servers away from the state file at `path` until it is disposed of, by a file beside it. Throws an
 * `OperatorError` if another process has it.
 */
export function lockState(path: string): Disposable {
  try {
    makeFolder(dirname(path), 0o700)
    return lockFile(`${path}.lock`, TAKEN)
  } catch (cause) {
    throw new OperatorError(`The state file ${path} cannot be used`, cause)
  }
}
