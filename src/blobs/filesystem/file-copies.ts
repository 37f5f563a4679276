import { constants, copyFile, link, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode } from '../../core/error-code.ts'
import { layout } from './layout.ts'
import { prepareFolders } from './preparation.ts'

/** Another file system, one without hard links, too many of them, or a file of another user. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Published files in a second storage folder. */
export interface FileCopies {
  /**
   * Gives the file a place there: a second name for the same bytes where the file system
   * allows it, which is as good as a copy, since nobody changes a published file; else a copy.
   */
  add(file: string): Promise<'linked' | 'copied' | 'missing'>
  /** Resolves when every name and byte is on stable storage. */
  sync(): Promise<void>
}

/** Copies published files of the storage folder `from` into `to`, which is made. */
export function fileCopies({ from, to }: { from: string; to: string }): FileCopies {
  const source = layout(resolve(from))
  const target = layout(resolve(to))
  prepareFolders(target)
  return {
    add: async (file) => {
      const paths = { from: source.path('file', file), to: target.path('file', file) }
      try {
        return await linkOrCopy(paths)
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return 'missing'
        throw error
      }
    },
    sync: async () => {
      for (const folder of target.shardFolders('file')) await syncPath(folder)
    },
  }
}

async function linkOrCopy({
  from,
  to,
}: {
  from: string
  to: string
}): Promise<'linked' | 'copied'> {
  try {
    await link(from, to)
    return 'linked'
  } catch (error) {
    if (!NO_LINK.has(errorCode(error) ?? '')) throw error
  }
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  await syncPath(to)
  return 'copied'
}

async function syncPath(path: string): Promise<void> {
  await using opened = await open(path, constants.O_RDONLY)
  await opened.sync()
}
