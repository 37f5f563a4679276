import { openAsBlob } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Source } from '../source.ts'
import { changed } from '../source-slice.ts'

/** Bytes from which on Node.js' blobs of files are wrong: they count by 32 bits. */
const TOO_LARGE_FOR_BLOBS = 2 ** 32

/**
 * A file on disk, read as it is sent. Its slices reject with `UploadError` (`source-changed`) if its size or time of
 * modification are not what they were. Rejects if there is no such file.
 */
export async function pathSource(path: string): Promise<Source> {
  const id = resolve(path)
  const { size, mtimeMs } = await stat(id)
  const file = size < TOO_LARGE_FOR_BLOBS ? await openAsBlob(id) : undefined
  return {
    size,
    id,
    version: String(mtimeMs),
    async slice(start, end) {
      const now = await stat(id).catch((cause: unknown) => Promise.reject(changed(cause)))
      if (now.size !== size || now.mtimeMs !== mtimeMs) throw changed()
      return file ? file.slice(start, end) : await inMemory(id, start, end)
    },
  }
}

async function inMemory(path: string, start: number, end: number): Promise<Blob> {
  await using file = await open(path)
  const bytes = Buffer.allocUnsafeSlow(end - start)
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, start + read)
    if (bytesRead === 0) throw changed()
    read += bytesRead
  }
  return new Blob([bytes])
}
