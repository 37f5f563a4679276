import type { DatabaseSync } from 'node:sqlite'
import { guarded, stateError } from './state-errors.ts'

/** Writes to a database, all of one event-loop turn in one transaction. Disposing commits. */
export interface TurnWriter extends Disposable {
  /**
   * Runs one statement at once, inside the turn's transaction; resolves to its result when the
   * transaction is committed. A statement that fails rejects alone; a commit that fails
   * rejects every write of the turn, and none of them happened. Errors of SQLite are
   * `Refusal('state-unavailable')`.
   */
  write<T>(statement: () => T): Promise<T>
}

interface Turn {
  readonly committed: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** Set once its transaction is gone: later writes of the turn are rejected, too. */
  failed: boolean
}

/** One commit costs as much as dozens of writes, so they share it: nobody waits longer than a turn. */
export function turnWriter(database: DatabaseSync): TurnWriter {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  let turn: Turn | undefined

  function isOngoing(): boolean {
    return database.isOpen && database.isTransaction
  }

  function open(): Turn {
    const { promise: committed, resolve, reject } = Promise.withResolvers<void>()
    const opened: Turn = { committed, resolve, reject, failed: false }
    // When every statement failed by itself, nobody waits for the commit.
    committed.catch(() => {})
    setImmediate(close)
    try {
      begin.run()
    } catch (error) {
      fail(opened, error)
    }
    return opened
  }

  function close(): void {
    const closing = turn
    turn = undefined
    if (closing === undefined || closing.failed) return
    try {
      commit.run()
      closing.resolve()
    } catch (error) {
      fail(closing, error)
    }
  }

  function fail(failing: Turn, error: unknown): void {
    failing.failed = true
    failing.reject(stateError(error))
    if (isOngoing()) rollback.run()
  }

  return {
    write: async <T>(statement: () => T): Promise<T> => {
      turn ??= open()
      const { committed } = turn
      if (turn.failed) await committed
      let result: T
      try {
        result = guarded(statement)
      } catch (error) {
        // A full disk or an I/O error can end the whole transaction.
        if (!isOngoing()) fail(turn, error)
        throw error
      }
      await committed
      return result
    },
    [Symbol.dispose]: close,
  }
}
