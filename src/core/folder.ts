import { closeSync, constants, fsync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const syncAll = promisify(fsync)

/**
 * Makes a folder, and those above it, with `mode` unless it is there. Throws the error of the system.
 * (The recursive `mkdir` of Node.js never returns where a file system refuses new folders with ENOENT, as
 * `/proc` does.)
 */
export function makeFolder(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  const above = dirname(folder)
  if (above !== folder) makeFolder(above, mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/** Resolves when the folder's names are on stable storage. */
export async function syncFolder(folder: string): Promise<void> {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await syncAll(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
