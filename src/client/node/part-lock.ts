import { closeSync, lstatSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import process from 'node:process'
import type { DatabaseSync } from 'node:sqlite'
import { isSystemError } from './system-error.ts'

/** Somebody has the part of a download. */
export class PartInUse extends Error {
  override readonly name = 'PartInUse'
  /** The process, if that could be told. */
  readonly holder: number | undefined

  constructor(holder: number | undefined) {
    super('This file is being downloaded to this folder already')
    this.holder = holder
  }
}

/** Others may remove a lock that is just being taken, but not so often in a row. */
const MOST_TRIES = 100

/**
 * Keeps every other caller away, in whatever process, until it is disposed of. The operating system gives the lock (on
 * the file at `path`, an empty database) back when the process ends, however it does. Nothing if somebody has it. Throws the system's error where
 * the file cannot be made, `EEXIST` if something is there that is no file: a symbolic link, a folder.
 */
export function lockFile(path: string): AsyncDisposable | undefined {
  const taken = taking(path)
  return 'holder' in taken ? undefined : taken
}

/** As {@link lockFile}, for a part of a download. Throws `PartInUse` if somebody has it. */
export function lockPart(path: string): AsyncDisposable {
  const taken = taking(path)
  if ('holder' in taken) throw new PartInUse(taken.holder)
  return taken
}

interface Held {
  readonly holder: number | undefined
}

function taking(path: string): AsyncDisposable | Held {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const place = placeOf(path)
    if (place === undefined) continue
    const database = opened(path)
    const holder = lockOn(database)
    if (holder !== undefined) return holder
    // Whoever had the lock may have removed the file since it was opened: a lock on that keeps nobody away.
    if (place === placeOf(path)) return releasing(database, path)
    database.close()
  }
  throw new Error(`${path} was removed again and again while it was being locked`)
}

function opened(path: string): DatabaseSync {
  // Loaded when it is wanted: up to Node.js 24.14 it warns that it is experimental.
  const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite')
  return new Database(path, { timeout: 0 })
}

/** Locks the database, or tells who has it. */
function lockOn(database: DatabaseSync): Held | undefined {
  try {
    // Not in WAL mode, where a lock of the file is none. Who has it can be read, but not written, by others.
    database.exec(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;
      BEGIN IMMEDIATE; PRAGMA user_version = ${process.pid}; COMMIT; BEGIN IMMEDIATE`)
    return undefined
  } catch (cause) {
    const holder = isBusy(cause) ? holderIn(database) : undefined
    database.close()
    if (isBusy(cause)) return { holder }
    throw cause
  }
}

function holderIn(database: DatabaseSync): number | undefined {
  try {
    const { user_version: id } = database.prepare('PRAGMA user_version').get() ?? {}
    return typeof id === 'number' && id > 0 ? id : undefined
  } catch {
    // It is just being written.
    return undefined
  }
}

function releasing(database: DatabaseSync, path: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      // While it is locked, for afterwards it is another one's. Where open files cannot be removed, it stays.
      await rm(path, { force: true }).catch(() => {})
      database.close()
    },
  }
}

/**
 * Which file is at the path: one is made where there is none, so that it is known before it is opened. Nothing if
 * whoever had the lock has just removed it.
 */
function placeOf(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'wx'))
  } catch (reason) {
    if (!isSystemError(reason, 'EEXIST')) throw reason
    // A link would lead to another file, or to none that could ever be found.
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw reason
  }
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true })
  return found && `${found.dev} ${found.ino}`
}

/** SQLITE_BUSY. */
function isBusy(reason: unknown): boolean {
  return reason instanceof Error && 'errcode' in reason && reason.errcode === 5
}
