import { chownSync, closeSync, openSync, statSync } from 'node:fs'
import { lockFile } from '../core/file-lock.ts'
import { OperatorError } from '../core/operator-error.ts'

const TAKEN = 'another process changes it just now; try again'

/**
 * Keeps others from changing the key file until it is disposed of, by a file beside it; reading needs no lock. Throws
 * an `OperatorError` if another process has it, or if there is no key file.
 */
export function lockKeyFile(file: string): Disposable {
  const lock = `${file}.lock`
  try {
    giveAs(file, lock)
    return lockFile(lock, TAKEN)
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
