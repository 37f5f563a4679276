import type { ByteSource, Ending, TakeBatch } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import type { Committer } from './committing.ts'
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
  /** Called when the body has come whole, before the last of it is kept. */
  readonly onEnd: () => void
  /** Keeps what was written so far; has finished when the body has. */
  readonly commits: Committer
}

/**
 * Writes the body into the part, committing now and then. Resolves to `end` once the body ended
 * or the part is full, whatever becomes of the connection after its last byte.
 */
export async function receive(receiving: Receiving): Promise<Ending> {
  const { writer, body, limit, onBytes, onLastByte, onEnd, commits } = receiving
  if (writer.length === limit) onLastByte()
  const take: TakeBatch = (batch) => {
    commits.throwIfFailed()
    onBytes(batch)
    if (writer.length + lengthOf(batch) > limit) throw new Refusal('size-mismatch', { limit })
    const written = writer.write(batch)
    if (written === undefined) return wrote()
    return written.then(wrote)
  }
  let ending: Ending
  try {
    ending = await body.pump(take)
  } catch (error) {
    // What is done next to the record must not meet a commit that is under way.
    await Promise.allSettled([commits.finish()])
    throw error
  }
  if (ending === 'end') onEnd()
  const steps = commits.finish()
  if (steps !== undefined) await steps
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
