import { closeSync, fdatasync, ftruncateSync, writevSync, writev } from 'node:fs'
import { promisify } from 'node:util'
import type { PartWriter } from '../../engine/ports.ts'
import type { DiskPace } from './disk-pace.ts'
import { diskError } from './system-errors.ts'

type Batch = readonly Uint8Array[]

const syncData = promisify(fdatasync)
const writeBehind = promisify(writev)

/**
 * Appends to the open file `descriptor`, which holds `length` bytes, and closes it when disposed.
 * A write that fails leaves the part as long as it was before.
 */
export function partWriter(
  descriptor: number,
  options: { length: number; pace: DiskPace },
): PartWriter {
  const { pace } = options
  let { length } = options
  /** Settles when the operating system is done with the descriptor. */
  let idle: Promise<void> = Promise.resolve()

  function writeNow(batch: Batch): void | Promise<void> {
    try {
      length += pace.timed(() => writeFully(descriptor, batch, length))
    } catch (error) {
      return rejected(undone(error))
    }
    return undefined
  }

  async function writeSoon(batch: Batch): Promise<void> {
    try {
      length += await writeFullyBehind(descriptor, batch, length)
    } catch (error) {
      throw undone(error)
    }
  }

  /** Takes back what a failed write left: the part's length stays the number of bytes acknowledged. */
  function undone(error: unknown): unknown {
    ftruncateSync(descriptor, length)
    return diskError(error)
  }

  function occupied<T>(work: Promise<T>): Promise<T> {
    idle = bothSettled(idle, work)
    return work
  }

  return {
    get length() {
      return length
    },
    write: (batch) => (pace.isFast() ? writeNow(batch) : occupied(writeSoon(copyOf(batch)))),
    sync: () => occupied(syncData(descriptor)),
    [Symbol.asyncDispose]: async () => {
      await idle
      closeSync(descriptor)
    },
  }
}

/** Next to a disk that is slow a copy costs nothing. */
function copyOf(batch: Batch): Batch {
  return batch.map((piece) => Buffer.from(piece))
}

async function rejected(error: unknown): Promise<never> {
  throw error
}

async function bothSettled(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  await Promise.allSettled([one, other])
}

/** Returns the number of bytes written: all of them. */
function writeFully(descriptor: number, batch: Batch, position: number): number {
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
