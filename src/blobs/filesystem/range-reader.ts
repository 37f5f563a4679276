import { read, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { type ByteRange, HEADROOM } from '../../core/bytes.ts'
import type { BlobStore, TakePiece } from '../../engine/ports.ts'
import { type BufferPool, BUFFER_BYTES } from './buffer-pool.ts'
import type { DiskPace } from './disk-pace.ts'
import type { OpenFiles } from './open-files.ts'
import { type KeptPiece, POPULAR, type PopularFiles } from './popular-files.ts'

const EMPTY = new Uint8Array(0)

const readBehind = promisify(read)

type ReadRequest = Parameters<BlobStore['read']>[1]

interface Needs {
  readonly files: OpenFiles
  /** Absent where the bytes under a name may change. */
  readonly popular?: PopularFiles
  readonly pool: BufferPool
  readonly pace: DiskPace
}

/** Reads a range of the file of a name, as `BlobStore.read` of the file's key. */
export type RangeReader = (name: string, request: ReadRequest) => Promise<void>

/**
 * Reads synchronously while the page cache answers, which is faster than a thread could be woken, and
 * in a thread while the disk is slow. Up to 256 KiB are one piece; more come in turn in two
 * buffers. An aborted read rejects as soon as the piece being taken is given back.
 */
export function rangeReader(needs: Needs): RangeReader {
  return (name, request) => {
    const { range } = request
    const isLong = range.end - range.start > BUFFER_BYTES
    return isLong ? readInTurn(name, request, needs) : readOnePiece(name, request, needs)
  }
}

/** What is borrowed is given back by hand, because every small download passes. */
async function readOnePiece(
  name: string,
  { range, take, signal }: ReadRequest,
  { files, popular, pool, pace }: Needs,
): Promise<void> {
  signal?.throwIfAborted()
  if (range.start === range.end) return await take(EMPTY, true)
  const kept = range.start === 0 ? popular?.borrow(name, range.end) : undefined
  if (kept !== undefined) return await giveKept(kept, take)
  const file = files.use(name)
  const buffer = pool.borrow()
  try {
    const filled = readOnce(file.descriptor, { range, bytes: buffer.bytes }, pace)
    const piece = filled instanceof Promise ? await filled : filled
    if (range.start === 0 && file.uses >= POPULAR) popular?.keep(name, piece)
    const taken = take(piece, true)
    if (taken !== undefined) await taken
  } finally {
    buffer[Symbol.dispose]()
    file[Symbol.dispose]()
  }
}

async function giveKept(kept: KeptPiece, take: TakePiece): Promise<void> {
  try {
    const taken = take(kept.piece, true)
    if (taken !== undefined) await taken
  } finally {
    kept[Symbol.dispose]()
  }
}

/** Piece by piece into two buffers: while one is taken the other may be filled in a thread. */
async function readInTurn(
  name: string,
  { range, take, signal }: ReadRequest,
  { files, pool, pace }: Needs,
): Promise<void> {
  signal?.throwIfAborted()
  using file = files.use(name)
  using front = pool.borrow()
  using back = pool.borrow()
  const fill = (start: number, bytes: Buffer): Buffer | Promise<Buffer> => {
    const end = Math.min(start + BUFFER_BYTES, range.end)
    try {
      const filled = readOnce(file.descriptor, { range: { start, end }, bytes }, pace)
      return filled instanceof Promise ? handled(filled) : filled
    } catch (error) {
      // Not at once: the piece before is being taken still.
      return handled(Promise.reject<Buffer>(error))
    }
  }
  let [bytes, spare] = [front.bytes, back.bytes]
  let filling: Buffer | Promise<Buffer> = fill(range.start, bytes)
  try {
    for (let start = range.start; start < range.end; start += BUFFER_BYTES) {
      const piece = await filling
      signal?.throwIfAborted()
      const next = start + BUFFER_BYTES
      const taken = take(piece, next >= range.end)
      if (next < range.end) filling = fill(next, spare)
      await taken
      ;[bytes, spare] = [spare, bytes]
    }
  } finally {
    // Until then the buffer belongs to the operating system.
    await Promise.allSettled([filling])
  }
}

/** It may fail while nobody waits for it yet; whoever waits later is told. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

interface Filling {
  readonly range: ByteRange
  readonly bytes: Buffer
}

function readOnce(descriptor: number, filling: Filling, pace: DiskPace): Buffer | Promise<Buffer> {
  if (!pace.isFast()) return fillBehind(descriptor, filling)
  return pace.timed(() => fillNow(descriptor, filling))
}

function fillNow(descriptor: number, { range, bytes }: Filling): Buffer {
  const length = range.end - range.start
  for (let at = 0; at < length;) {
    at += progress(readSync(descriptor, bytes, HEADROOM + at, length - at, range.start + at))
  }
  return bytes.subarray(HEADROOM, HEADROOM + length)
}

async function fillBehind(descriptor: number, { range, bytes }: Filling): Promise<Buffer> {
  const length = range.end - range.start
  for (let at = 0; at < length;) {
    const [offset, position] = [HEADROOM + at, range.start + at]
    const { bytesRead } = await readBehind(descriptor, bytes, offset, length - at, position)
    at += progress(bytesRead)
  }
  return bytes.subarray(HEADROOM, HEADROOM + length)
}

function progress(count: number): number {
  if (count === 0) throw new Error('The file ends before the range')
  return count
}
