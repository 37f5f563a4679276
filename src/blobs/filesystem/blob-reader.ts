import type { Stopwatch } from '../../core/clock.ts'
import type { BlobStore } from '../../engine/ports.ts'
import { bufferPool } from './buffer-pool.ts'
import { diskPace } from './disk-pace.ts'
import type { Layout } from './layout.ts'
import { openFiles } from './open-files.ts'
import { popularFiles } from './popular-files.ts'
import { rangeReader } from './range-reader.ts'

/** The reading half of a blob store. Disposing closes what is open. */
export interface BlobReader extends Pick<BlobStore, 'read' | 'readPart'>, Disposable {
  /** The file was removed: nothing of it is kept any more. */
  forget(file: string): void
}

export function blobReader(places: Layout, stopwatch: Stopwatch): BlobReader {
  const files = openFiles((file) => places.path('file', file))
  const parts = openFiles((part) => places.path('part', part))
  const popular = popularFiles()
  const means = { pool: bufferPool(), pace: diskPace(stopwatch) }
  const readPart = rangeReader({ files: parts, ...means })
  return {
    read: rangeReader({ files, popular, ...means }),
    readPart: async (part, request) => {
      try {
        await readPart(part, request)
      } finally {
        // The next file under this name may be another one.
        parts.forget(part)
      }
    },
    forget: (file) => {
      files.forget(file)
      popular.forget(file)
    },
    [Symbol.dispose]: () => {
      for (const each of [files, parts, popular]) each[Symbol.dispose]()
    },
  }
}
