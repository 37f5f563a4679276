import type { Clock } from '../core/clock.ts'
import { COMMIT_INTERVAL, STORE_AFTER } from './policy.ts'
import type { PartWriter } from './ports.ts'

/** An upload under way, and how it is kept. */
export interface Committing {
  readonly writer: Pick<PartWriter, 'length'>
  /** Makes what was written so far durable. */
  readonly commit: () => Promise<unknown>
  /** Bytes after which that is done. */
  readonly commitBytes: number
  /** Stores that the slot is used, without a byte of the upload. */
  readonly store: () => Promise<unknown>
  /** Whether any store knows of the slot. */
  readonly isStored: () => boolean
  readonly clock: Clock
}

/** Keeps an upload in the background while its body is on its way, one step at a time. */
export interface Committer {
  /** Bytes were written: commits after every so many of them, or of milliseconds. */
  note(): void
  /** Time went by, with bytes or without: stores a slot that no store knows of, commits what came before a silence. */
  look(): void
  /** Throws what the latest step failed with: nobody should send more for nothing. */
  throwIfFailed(): void
  /**
   * Begins nothing any more; resolves when no step is under way, and rejects with what one failed with. Nothing
   * if none ever was.
   */
  finish(): Promise<unknown> | undefined
}

/** A committer of an upload that begins now. */
export function committer(committing: Committing): Committer {
  const { writer, commit, commitBytes, store, isStored, clock } = committing
  let doneBytes = writer.length
  let doneAt = clock()
  let busy = false
  let finished = false
  let steps: Promise<unknown> | undefined
  let failure: { readonly error: unknown } | undefined

  const isFree = (): boolean => !busy && !finished && failure === undefined

  function take(step: () => Promise<unknown>): void {
    busy = true
    steps = (steps ?? Promise.resolve()).then(step).finally(() => {
      busy = false
    })
    steps.catch((error: unknown) => {
      failure = { error }
    })
  }

  function takeCommit(now: number): void {
    doneBytes = writer.length
    doneAt = now
    take(commit)
  }

  return {
    note(): void {
      const now = clock()
      const due = writer.length - doneBytes >= commitBytes || now - doneAt >= COMMIT_INTERVAL
      if (due && isFree()) takeCommit(now)
    },
    look(): void {
      if (!isFree()) return
      const now = clock()
      const silence = now - doneAt
      if (silence >= COMMIT_INTERVAL && writer.length > doneBytes) takeCommit(now)
      else if (silence >= STORE_AFTER && !isStored()) take(store)
    },
    throwIfFailed(): void {
      if (failure !== undefined) throw failure.error
    },
    finish() {
      finished = true
      return steps
    },
  }
}
