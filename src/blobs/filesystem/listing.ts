import { lstat, opendir } from 'node:fs/promises'
import { errorCode } from '../../core/error-code.ts'
import type { StoredBlob } from '../../engine/ports.ts'
import { isKey, type Layout } from './layout.ts'

/** Everything below the folder that has the name of a blob, read a few names at a time. */
export async function* listBlobs(layout: Layout): AsyncGenerator<StoredBlob> {
  for (const kind of ['part', 'file'] as const) {
    for (const folder of layout.shardFolders(kind)) yield* listShard(kind, folder)
  }
}

async function* listShard(kind: StoredBlob['kind'], folder: string): AsyncGenerator<StoredBlob> {
  for await (const entry of await opendir(folder)) {
    const found = isKey(entry.name) ? await lookAt(`${folder}/${entry.name}`) : undefined
    if (found !== undefined) yield { kind, key: entry.name, ...found }
  }
}

async function lookAt(path: string): Promise<Pick<StoredBlob, 'size' | 'modifiedAt'> | undefined> {
  try {
    const stats = await lstat(path)
    return stats.isFile() ? { size: stats.size, modifiedAt: stats.mtimeMs } : undefined
  } catch (error) {
    // Removed since its name was read.
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
