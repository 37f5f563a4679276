import { join } from 'node:path'
import type { Download, DownloadOptions } from '../download-options.ts'
import { download } from '../download.ts'
import { beginningOf, saveAs, unfinishedIn } from './part-file.ts'

/** The path of the file, or the folder for a file that is called as the server says. */
export type Place = string | { readonly folder: string }

/** A download that ends in a file. */
export interface FileDownload {
  /** Where the file will be. */
  readonly path: string
  /** What it is; the stream belongs to `save`. */
  readonly file: Download
  /** Fetches the bytes. Resolves when the file is there, under its name, in place of any other. */
  readonly save: () => Promise<void>
}

/** A file that is called nothing. */
const NAMELESS = 'download'

/** Finds out what the file is and where it goes, before anything of it is written; else as {@link downloadTo}. */
export async function openFileDownload(
  place: Place,
  url: string,
  options: Omit<DownloadOptions, 'from'> = {},
): Promise<FileDownload> {
  const known = typeof place === 'string' ? place : await unfinishedIn(place.folder, url)
  const from = known === undefined ? undefined : await beginningOf(known, url)
  const file = await download(url, { ...options, ...(from && { from }) })
  const path = known ?? inFolder(place, file)
  return { path, file, save: async () => await saveAs(path, file) }
}

function inFolder(place: Place, { name = NAMELESS }: Download): string {
  return typeof place === 'string' ? place : join(place.folder, name)
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
 * Downloads to a file, or into a folder, in place of any other file of that name. What comes is kept in `PATH.part`
 * until it is complete, with a note beside it by which a later call with the same URL goes on at the byte.
 *
 * ```ts
 * const { path } = await downloadTo({ folder: '/home/romeo/Downloads' }, url)
 * ```
 *
 * Resolves when the file is there. Rejects with `UploadError`, with the signal's reason, or with the error of the
 * file system.
 */
export async function downloadTo(
  place: Place,
  url: string,
  options: Omit<DownloadOptions, 'from'> = {},
): Promise<Downloaded> {
  const { path, file, save } = await openFileDownload(place, url, options)
  await save()
  return { path, size: file.size, type: file.type }
}
