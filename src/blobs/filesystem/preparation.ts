import { closeSync, fsyncSync, linkSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../core/folder.ts'
import { OperatorError } from '../../core/operator-error.ts'
import type { Layout } from './layout.ts'

/** The group may read, so that a proxy in it can send files itself. */
const FOLDER_MODE = 0o750

/**
 * Makes all folders (0750) that are not there yet and tries what every upload will do: make a
 * file, write, link it under its final name. Throws an `OperatorError` that names the folder if that fails.
 */
export function prepareFolders(layout: Layout): void {
  try {
    const kinds = [layout.kindFolder('part'), layout.kindFolder('file')]
    for (const folder of [layout.folder, ...kinds]) makeFolder(folder, FOLDER_MODE)
    for (const folder of layout.shardFolders('part')) makeFolder(folder, FOLDER_MODE)
    for (const folder of layout.shardFolders('file')) makeFolder(folder, FOLDER_MODE)
    for (const folder of [layout.folder, ...kinds]) syncFolder(folder)
    tryOut(kinds)
  } catch (cause) {
    throw new OperatorError(`The storage folder ${layout.folder} cannot be used`, cause)
  }
}

/** Otherwise a crash of the machine could take a new folder away with the files in it. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The dot keeps the names apart from keys; the process id, from another process's trial. */
function tryOut(kinds: readonly string[]): void {
  const [part = '', file = ''] = kinds.map((folder) => join(folder, `.trial-${process.pid}`))
  for (const path of [part, file]) rmSync(path, { force: true })
  const descriptor = openSync(part, 'wx', 0o600)
  try {
    writeSync(descriptor, 'trial')
    linkSync(part, file)
    unlinkSync(file)
  } finally {
    closeSync(descriptor)
    unlinkSync(part)
  }
}
