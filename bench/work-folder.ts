import { execFile } from 'node:child_process'
import { closeSync, mkdirSync, openSync, truncateSync, writeSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const MIB = 1024 * 1024

/** On the disk under test, where the benchmarks run by themselves. */
export const WORK_FOLDER = path.join(import.meta.dirname, 'work')

/** A fresh folder on the disk under test; disposing removes it, at the end of everything. */
export interface WorkFolder extends AsyncDisposable {
  readonly path: string
  /** Makes a folder in it. */
  folder(name: string): string
}

export async function openWorkFolder(parent: string): Promise<WorkFolder> {
  mkdirSync(parent, { recursive: true })
  const root = await mkdtemp(path.join(parent, 'run-'))
  // A server that gives up root has to reach its own folder in it.
  await chmod(root, 0o755)
  return {
    path: root,
    folder(name) {
      const made = path.join(root, name)
      mkdirSync(made, { recursive: true })
      return made
    },
    async [Symbol.asyncDispose]() {
      await rm(root, { recursive: true, force: true })
    },
  }
}

/**
 * Frees the space of all files below `folder` but keeps the files: ext4 does not reuse inodes
 * deleted in the last minutes and scans over them at every create, which would slow the runs
 * that follow five to ten times.
 */
export async function emptyFiles(folder: string): Promise<void> {
  const filled = [folder, '-type', 'f', '-size', '+0']
  await promisify(execFile)('find', [...filled, '-exec', 'truncate', '-s', '0', '{}', '+'])
}

/**
 * Touches as many page-cache pages as a run is going to write: a virtual machine that gave free
 * pages back to its host pays ten times for the first touch.
 */
export function warmPageCache(scratch: string, bytes: number): void {
  const block = Buffer.alloc(MIB)
  const file = openSync(scratch, 'w')
  for (let written = 0; written < bytes; written += MIB) writeSync(file, block)
  closeSync(file)
  truncateSync(scratch, 0)
}
