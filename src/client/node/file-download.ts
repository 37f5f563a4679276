import { dirname, join } from 'node:path'
import type { Download } from '../download-options.ts'
import { download } from '../download.ts'
import type { FileDownloadOptions, Place } from './file-download-options.ts'
import { reservedPath, storableName } from './free-path.ts'
import { takePart } from './part-file.ts'

/** A download that ends in a file. Disposed of, it stops. */
export interface FileDownload extends AsyncDisposable {
  /** Where the file is to be. */
  readonly path: string
  /** What it is; the stream belongs to `save`. */
  readonly file: Download
  /** Fetches the bytes. Resolves to where the file is. */
  readonly save: () => Promise<string>
}

/** Finds out what the file is and where it goes, before anything of it is written; else as `downloadTo`. */
export async function openFileDownload(
  place: Place,
  url: string,
  options: FileDownloadOptions = {},
): Promise<FileDownload> {
  const { replace = typeof place === 'string', ...rest } = options
  const part = await takePart(folderOf(place), url)
  const closing = new AbortController()

  async function close(): Promise<void> {
    closing.abort()
    await part[Symbol.asyncDispose]()
  }

  try {
    const signal = AbortSignal.any([closing.signal, options.signal ?? closing.signal])
    const from = part.beginning
    const file = await download(url, { ...rest, signal, ...(from && { from }) })
    const path = typeof place === 'string' ? place : join(place.folder, storableName(file.name))
    const save = async (): Promise<string> => {
      await part.fill(file)
      const free = replace ? path : await reservedPath(path)
      await part.moveTo(free)
      return free
    }
    return { path, file, save, [Symbol.asyncDispose]: close }
  } catch (reason) {
    await close()
    throw reason
  }
}

function folderOf(place: Place): string {
  return typeof place === 'string' ? dirname(place) : place.folder
}
