import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ReadableStream } from 'node:stream/web'
import type { Source } from '../source.ts'
import { changed } from '../source-slice.ts'

/** Bytes that are read, and held, at once. */
const PIECE = 256 * 1024

/**
 * A file on disk, read as it is sent. Its slices reject with `UploadError` (`source-changed`) if its size, or the time
 * of modification or of change, is not what it was, and so do their streams. Rejects if there is no such file.
 */
export async function pathSource(path: string): Promise<Source> {
  const id = resolve(path)
  const begun = await stat(id, { bigint: true })
  const size = Number(begun.size)
  const version = versionOf(begun)

  async function expectSame(found: Promise<BigIntStats>): Promise<void> {
    const now = await found.catch((cause: unknown) => Promise.reject(changed({ cause })))
    if (now.size !== begun.size || versionOf(now) !== version) throw changed()
  }

  async function* pieces(start: number, end: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    await using file = await open(id).catch((cause: unknown) => Promise.reject(changed({ cause })))
    for (let at = start; at < end;) {
      const wanted = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at))
      const { bytesRead } = await file.read(wanted, 0, wanted.length, at)
      // A byte of another file never leaves.
      await expectSame(file.stat({ bigint: true }))
      if (bytesRead === 0) throw changed()
      yield wanted.subarray(0, bytesRead)
      at += bytesRead
    }
  }

  return {
    size,
    id,
    version,
    async slice(start, end) {
      await expectSame(stat(id, { bigint: true }))
      return { size: end - start, stream: () => ReadableStream.from(pieces(start, end)) }
    },
  }
}

/**
 * Copying, unpacking and `touch -r` set the time of modification to what they like; that of the last change is the
 * system's own. The inode is left out: file systems in user space and FAT give a file another one when they like.
 */
function versionOf({ mtimeNs, ctimeNs }: BigIntStats): string {
  return `${mtimeNs} ${ctimeNs}`
}
