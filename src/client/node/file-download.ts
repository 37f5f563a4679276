import { dirname, join } from 'node:path'
import type { Download, DownloadOptions } from '../download-options.ts'
import { download } from '../download.ts'
import { reservedPath, storableName } from './free-path.ts'
import { takePart } from './part-file.ts'

/** The path of the file, or the folder for a file that is called as the server says. */
export type Place = string | { readonly folder: string }

export interface FileDownloadOptions extends Omit<DownloadOptions, 'from'> {
  /**
   * Whether another file of that name is replaced; else this one gets a number: `cat (1).mp4`. Default: a file at a path
   * is replaced, and none in a folder.
   */
  readonly replace?: boolean
}

/** A download that ends in a file. Disposed of, it stops. */
export interface FileDownload extends AsyncDisposable {
  /** Where the file is to be. */
  readonly path: string
  /** What it is; the stream belongs to `save`. */
  readonly file: Download
  /** Fetches the bytes. Resolves to where the file is. */
  readonly save: () => Promise<string>
}

/** Finds out what the file is and where it goes, before anything of it is written; else as {@link downloadTo}. */
export async function openFileDownload(
  place: Place,
  url: string,
  options: FileDownloadOptions = {},
): Promise<FileDownload> {
  const { replace = typeof place === 'string', ...rest } = options
  await using opened = new AsyncDisposableStack()
  const part = opened.use(await takePart(folderOf(place), url))
  const closing = new AbortController()
  opened.defer(() => closing.abort())
  const signal = AbortSignal.any([closing.signal, options.signal ?? closing.signal])
  const from = part.beginning
  const file = await download(url, { ...rest, signal, ...(from && { from }) })
  const path = typeof place === 'string' ? place : join(place.folder, storableName(file.name))

  async function save(): Promise<string> {
    await part.fill(file)
    const free = replace ? path : await reservedPath(path)
    await part.moveTo(free)
    return free
  }

  const kept = opened.move()
  return { path, file, save, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

function folderOf(place: Place): string {
  return typeof place === 'string' ? dirname(place) : place.folder
}

/** A file that was downloaded. */
export interface Downloaded {
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** Media type, as the server says. */
  readonly type: string
}

/**
 * Downloads to a path, in place of any other file there, or into a folder, beside what is there. What comes is kept in
 * hidden files of that folder until it is complete; a later call with the same URL goes on at the byte.
 *
 * ```ts
 * const { path } = await downloadTo({ folder: '/home/romeo/Downloads' }, url)
 * ```
 *
 * Resolves when the file is there. Rejects with `UploadError`, with the signal's reason, with the error of the file
 * system, and if another call is downloading the same to that folder.
 */
export async function downloadTo(
  place: Place,
  url: string,
  options: FileDownloadOptions = {},
): Promise<Downloaded> {
  await using opened = await openFileDownload(place, url, options)
  const { size, type } = opened.file
  return { path: await opened.save(), size, type }
}
