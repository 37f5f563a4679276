import { fdatasync, ftruncateSync, writeSync, writev, writevSync } from 'node:fs'
import { promisify } from 'node:util'
import type { PartWriter } from '../../engine/ports.ts'
import type { DiskPace } from './disk-pace.ts'
import { diskError } from './system-errors.ts'

type Batch = readonly Uint8Array[]

const syncData = promisify(fdatasync)
const writeBehind = promisify(writev)

interface Options {
  readonly length: number
  readonly pace: DiskPace
  readonly close: (descriptor: number) => void
}

/**
 * Appends to the open file `descriptor`, which holds `length` bytes, and has it closed when disposed.
 * A write that fails leaves the part as long as it was before.
 */
export function partWriter(descriptor: number, options: Options): PartWriter {
  return new FileWriter(descriptor, options)
}

/** A class, because one is made per upload. */
class FileWriter implements PartWriter {
  length: number
  readonly #descriptor: number
  readonly #pace: DiskPace
  readonly #close: (descriptor: number) => void
  /** Settles when the operating system is done with the descriptor; nothing while it is. */
  #idle: Promise<void> | undefined = undefined

  constructor(descriptor: number, { length, pace, close }: Options) {
    this.#descriptor = descriptor
    this.length = length
    this.#pace = pace
    this.#close = close
  }

  write(batch: Batch): void | Promise<void> {
    if (this.#pace.isFast()) return this.#writeNow(batch)
    return this.#occupied(this.#writeSoon(copyOf(batch)))
  }

  async sync(): Promise<void> {
    await this.#occupied(syncData(this.#descriptor))
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#idle !== undefined) return this.#idle.then(() => this.#close(this.#descriptor))
    this.#close(this.#descriptor)
    return DONE
  }

  #writeNow(batch: Batch): void | Promise<void> {
    const { length } = this
    try {
      this.length += this.#pace.timed(() => writeFully(this.#descriptor, batch, length))
    } catch (error) {
      return rejected(this.#undone(error))
    }
    return undefined
  }

  async #writeSoon(batch: Batch): Promise<void> {
    try {
      this.length += await writeFullyBehind(this.#descriptor, batch, this.length)
    } catch (error) {
      throw this.#undone(error)
    }
  }

  /** Takes back what a failed write left: the part's length stays the number of bytes acknowledged. */
  #undone(error: unknown): unknown {
    ftruncateSync(this.#descriptor, this.length)
    return diskError(error)
  }

  #occupied<T>(work: Promise<T>): Promise<T> {
    this.#idle = bothSettled(this.#idle, work)
    return work
  }
}

/** Nearly every part is closed at once. */
const DONE = Promise.resolve()

/** Next to a disk that is slow a copy costs nothing. */
function copyOf(batch: Batch): Batch {
  return batch.map((piece) => Buffer.from(piece))
}

async function rejected(error: unknown): Promise<never> {
  throw error
}

async function bothSettled(
  one: Promise<unknown> | undefined,
  other: Promise<unknown>,
): Promise<void> {
  await Promise.allSettled([one, other])
}

/** Returns the number of bytes written: all of them. */
function writeFully(descriptor: number, batch: Batch, position: number): number {
  const [only] = batch
  if (batch.length === 1 && only !== undefined) {
    const count = writeSync(descriptor, only, 0, only.length, position)
    if (count === only.length) return count
    return count + writeFully(descriptor, [only.subarray(progress(count))], position + count)
  }
  let written = 0
  for (let rest = withoutFirst(batch, 0); rest.length > 0;) {
    const count = progress(writevSync(descriptor, rest, position + written))
    written += count
    rest = withoutFirst(rest, count)
  }
  return written
}

async function writeFullyBehind(
  descriptor: number,
  batch: Batch,
  position: number,
): Promise<number> {
  let written = 0
  for (let rest = withoutFirst(batch, 0); rest.length > 0;) {
    const { bytesWritten } = await writeBehind(descriptor, rest, position + written)
    written += progress(bytesWritten)
    rest = withoutFirst(rest, bytesWritten)
  }
  return written
}

function progress(count: number): number {
  if (count === 0) throw new Error('The file takes no more bytes')
  return count
}

/** What is left of the batch after a write of `count` bytes; never an empty buffer. */
export function withoutFirst(batch: Batch, count: number): Batch {
  let skip = count
  let whole = 0
  for (const piece of batch) {
    if (piece.length > skip) break
    skip -= piece.length
    whole++
  }
  if (whole === 0 && skip === 0) return batch
  const [cut, ...rest] = batch.slice(whole)
  return cut === undefined ? [] : [cut.subarray(skip), ...rest]
}
