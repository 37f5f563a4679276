import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Source } from '../source.ts'
import { changed } from '../source-slice.ts'

/**
 * A file on disk, read as it is sent. Its slices reject with `UploadError` (`source-changed`) if its size or time of
 * modification are not what they were. Rejects if there is no such file.
 */
export async function pathSource(path: string): Promise<Source> {
  const id = resolve(path)
  const { size, mtimeMs } = await stat(id)
  const file = await openAsBlob(id)
  return {
    size,
    id,
    version: String(mtimeMs),
    async slice(start, end) {
      const now = await stat(id)
      if (now.size !== size || now.mtimeMs !== mtimeMs) throw changed()
      return file.slice(start, end)
    },
  }
}
