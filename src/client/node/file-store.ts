import { createHash } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import type { SavedState, UploadStore } from '../platform.ts'
import { lockFile } from './part-lock.ts'
import { isSystemError } from './system-error.ts'

/** Milliseconds after which no server has the upload any more. */
const LIFE = 72 * 3_600_000

/** States, and what killed programs left of their drafts and locks. */
const OWN = /^[\da-f]{64}\.json(?:\.|$)/u

/**
 * Remembers unfinished uploads in a folder, which is made when it is needed: one file for each, which holds the keys of
 * its session and is for its owner's eyes only. A damaged file counts as none, and what was saved longer ago than a
 * server keeps it, 72 hours, is forgotten, unless somebody else holds it. Rejects with the system's error where the
 * folder cannot be used. `clock`: milliseconds since 1970.
 */
export function fileStore(folder: string, clock: () => number = Date.now): Required<UploadStore> {
  let writes = 0
  return {
    keepsKeys: false,
    async load(id) {
      const path = pathOf(folder, id)
      const before = clock() - LIFE
      await dropOld(folder, before)
      // It may be held by whoever asks, and is dropped all the same.
      await dropIfOld(path, before)
      return parsed(await contentOf(path))
    },
    async hold(id) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const lock = lockFile(`${pathOf(folder, id)}.lock`)
      return lock && (async () => await lock[Symbol.asyncDispose]())
    },
    async save(id, state) {
      const path = pathOf(folder, id)
      writes += 1
      // Whoever reads meanwhile finds the state before or this one, never a half of it.
      const draft = `${path}.${process.pid}-${writes}`
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        await written(draft, JSON.stringify(state))
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
    remove: async (id) => await rm(pathOf(folder, id), { force: true }),
  }
}

async function dropOld(folder: string, before: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((each) => OWN.test(each))) {
    const path = join(folder, name)
    if (await isOld(path, before)) await dropUnheld(path, before)
  }
}

/** An upload may run for longer than a server keeps one that does not. */
async function dropUnheld(path: string, before: number): Promise<void> {
  await using lock = lockOver(path)
  if (lock !== undefined) await dropIfOld(path, before)
}

/** The lock over whatever belongs to an upload. It goes, also if it is old, when it is given back. */
function lockOver(path: string): AsyncDisposable | undefined {
  try {
    return lockFile(path.replace(/\.json(?:\.[^/\\]*)?$/u, '.json.lock'))
  } catch {
    return undefined // What cannot be locked stays; it is of another upload than the one that is asked for.
  }
}

async function dropIfOld(path: string, before: number): Promise<void> {
  if (await isOld(path, before)) await rm(path, { force: true })
}

async function isOld(path: string, before: number): Promise<boolean> {
  // Another program may be faster.
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && found.mtimeMs < before
}

/** An id may hold anything, a path for instance. */
function pathOf(folder: string, id: string): string {
  return join(folder, `${createHash('sha256').update(id).digest('hex')}.json`)
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return ''
    throw error
  }
}

function parsed(text: string): SavedState | undefined {
  try {
    const state: unknown = JSON.parse(text)
    return isState(state) ? state : undefined
  } catch {
    return undefined // Cut off, or nothing at all: there is nothing to go on with.
  }
}

function isState(value: unknown): value is SavedState {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function written(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  await file.writeFile(text)
  // After a power failure the name must not stand for nothing.
  await file.sync()
}
