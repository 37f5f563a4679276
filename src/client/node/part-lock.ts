import { rm } from 'node:fs/promises'
import process from 'node:process'

/**
 * Keeps every other caller away, in whatever process, until it is disposed of. The operating system gives the lock (on
 * the file at `path`, an empty database) back when the process ends, however it does. Nothing if somebody has it.
 */
export function lockFile(path: string): AsyncDisposable | undefined {
  // Loaded when it is wanted: up to Node.js 24.14 it warns that it is experimental.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Not in WAL mode, where a lock of the file is none.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if (isHeld(cause)) return undefined
    throw cause
  }
  return {
    async [Symbol.asyncDispose]() {
      database.close()
      await rm(path, { force: true })
    },
  }
}

/** As {@link lockFile}, for a part of a download. Throws if somebody has it. */
export function lockPart(path: string): AsyncDisposable {
  const lock = lockFile(path)
  if (lock === undefined) throw new Error('This file is being downloaded to this folder already')
  return lock
}

/** SQLITE_BUSY. */
function isHeld(reason: unknown): boolean {
  return reason instanceof Error && 'errcode' in reason && reason.errcode === 5
}
