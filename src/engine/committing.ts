import type { Clock, Instant } from '../core/clock.ts'
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
  return new Keeper(committing)
}

/** A class, because one is made per upload. */
class Keeper implements Committer {
  readonly #committing: Committing
  #doneBytes: number
  #doneAt: Instant
  #isBusy = false
  #isFinished = false
  #steps: Promise<unknown> | undefined = undefined
  #failure: { readonly error: unknown } | undefined = undefined

  constructor(committing: Committing) {
    this.#committing = committing
    this.#doneBytes = committing.writer.length
    this.#doneAt = committing.clock()
  }

  note(): void {
    const { writer, commitBytes, clock } = this.#committing
    const now = clock()
    const isEnough = writer.length - this.#doneBytes >= commitBytes
    if ((isEnough || now - this.#doneAt >= COMMIT_INTERVAL) && this.#isFree()) this.#commit(now)
  }

  look(): void {
    if (!this.#isFree()) return
    const { writer, clock, isStored, store } = this.#committing
    const now = clock()
    const silence = now - this.#doneAt
    if (silence >= COMMIT_INTERVAL && writer.length > this.#doneBytes) this.#commit(now)
    else if (silence >= STORE_AFTER && !isStored()) this.#take(store)
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  finish(): Promise<unknown> | undefined {
    this.#isFinished = true
    return this.#steps
  }

  #isFree(): boolean {
    return !this.#isBusy && !this.#isFinished && this.#failure === undefined
  }

  #commit(now: Instant): void {
    this.#doneBytes = this.#committing.writer.length
    this.#doneAt = now
    this.#take(this.#committing.commit)
  }

  #take(step: () => Promise<unknown>): void {
    this.#isBusy = true
    this.#steps = (this.#steps ?? Promise.resolve()).then(step).finally(() => {
      this.#isBusy = false
    })
    this.#steps.catch((error: unknown) => {
      this.#failure = { error }
    })
  }
}
