import type { DatabaseSync } from 'node:sqlite'
import { type Durability, openDatabase } from './database.ts'
import { type TurnWriter, turnWriter } from './turn-writer.ts'

const DEFAULT_BUSY_TIMEOUT = 2_000

/** Where a state file is (`:memory:`: nowhere) and how it is used. */
export interface StateOptions {
  readonly path: string
  readonly durability: Durability
  /** Milliseconds (the event loop stands still) that a write waits for another process's transaction. */
  readonly busyTimeout?: number
}

/** A state file, opened once for all stores of the process, so that they share their transactions. Disposing closes it. */
export interface SqliteState extends Disposable {
  readonly database: DatabaseSync
  readonly writer: TurnWriter
}

/** Opens a state file. Throws an `OperatorError` that names it if it can't be used. */
export function openState(options: StateOptions): SqliteState {
  const { path, durability, busyTimeout = DEFAULT_BUSY_TIMEOUT } = options
  const database = openDatabase(path, { durability, busyTimeout })
  const writer = turnWriter(database)
  return {
    database,
    writer,
    [Symbol.dispose](): void {
      writer[Symbol.dispose]()
      if (database.isOpen) database.close()
    },
  }
}
