import type { ByteSource, Ending } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import { COMMIT_INTERVAL } from './policy.ts'
import type { PartWriter } from './ports.ts'

/** Bytes on their way from one request into one part. */
export interface Receiving {
  readonly writer: PartWriter
  readonly body: ByteSource
  /** Length the part must not pass. */
  readonly limit: number
  /** Called for every batch, before it is written. */
  readonly onBytes: (batch: readonly Uint8Array[]) => void
  /** Called once, when the part has reached `limit`. */
  readonly onLastByte: () => void
  /** Makes what was written so far durable; never called twice at a time. */
  readonly commit: () => Promise<unknown>
  /** Bytes after which that is done. */
  readonly commitBytes: number
  readonly clock: Clock
}

/**
 * Writes the body into the part, committing now and then. Resolves to `end` once the body ended
 * or the part is full, whatever becomes of the connection after its last byte.
 */
export async function receive(receiving: Receiving): Promise<Ending> {
  const { writer, body, limit, onBytes, onLastByte } = receiving
  const commits = committer(receiving)
  if (writer.length === limit) onLastByte()
  const pumped = body.pump((batch) => {
    commits.throwIfFailed()
    onBytes(batch)
    if (writer.length + lengthOf(batch) > limit) throw new Refusal('size-mismatch', { limit })
    const written = writer.write(batch)
    if (written === undefined) return wrote()
    return written.then(wrote)
  })
  const ending = await pumped.catch(async (error: unknown) => {
    // What is done next to the record must not meet a commit that is under way.
    await commits.settled().catch(() => undefined)
    throw error
  })
  await commits.settled()
  return writer.length === limit ? 'end' : ending

  function wrote(): void {
    if (writer.length === limit) onLastByte()
    else commits.note()
  }
}

function lengthOf(batch: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of batch) length += piece.length
  return length
}

/** Starts a commit in the background after every so many bytes or milliseconds. */
function committer({ writer, commit, commitBytes, clock }: Receiving): {
  note(): void
  /** Throws what the latest commit failed with: nobody should send more for nothing. */
  throwIfFailed(): void
  /** Resolves when no commit is under way; rejects with what one failed with. */
  settled(): Promise<void>
} {
  let doneBytes = writer.length
  let doneAt = clock()
  let busy = false
  let commits: Promise<unknown> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  return {
    note(): void {
      const now = clock()
      const due = writer.length - doneBytes >= commitBytes || now - doneAt >= COMMIT_INTERVAL
      if (busy || !due) return
      busy = true
      doneBytes = writer.length
      doneAt = now
      commits = commits.then(commit).finally(() => {
        busy = false
      })
      commits.catch((error: unknown) => {
        failure = { error }
      })
    },
    throwIfFailed(): void {
      if (failure !== undefined) throw failure.error
    },
    async settled(): Promise<void> {
      await commits
    },
  }
}
