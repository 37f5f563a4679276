import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../core/folder.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { migrate } from './schema.ts'

/** `full`: a commit survives a crash of the machine. `normal`: only one of the process. */
export type Durability = 'full' | 'normal'

/** Keeps the write-ahead log from staying as large as its busiest moment. Bytes. */
const LOG_LIMIT = 64 * 1024 * 1024

/** Pages; four times SQLite's default, since rows of many slots are far apart: fewer pages are copied twice. */
const CHECKPOINT_INTERVAL = 4_000

/** Negative: KiB, as SQLite wants it. What is not in it is mostly in the memory of the system. */
const CACHE_SIZE = -4 * 1024

/**
 * Opens the database, made if there is none (folder 0700, file 0600), and brings it to the present
 * schema. Throws an `OperatorError` that names the file if it can't be used. `busyTimeout` is in milliseconds.
 */
export function openDatabase(
  path: string,
  options: { durability: Durability; busyTimeout: number },
): DatabaseSync {
  try {
    if (path !== ':memory:') makeFile(path)
    return prepared(new DatabaseSync(path, { timeout: options.busyTimeout }), options.durability)
  } catch (cause) {
    throw new OperatorError(`The state file ${path} cannot be used`, cause)
  }
}

/** SQLite would make it readable for everybody; its companions take over the mode of the file. */
function makeFile(path: string): void {
  makeFolder(dirname(path), 0o700)
  closeSync(openSync(path, 'a', 0o600))
}

function prepared(database: DatabaseSync, durability: Durability): DatabaseSync {
  try {
    database.exec(`PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
      PRAGMA journal_size_limit = ${LOG_LIMIT};
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_INTERVAL};
      PRAGMA cache_size = ${CACHE_SIZE};`)
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
