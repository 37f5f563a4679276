import { openFileDownload } from './file-download.ts'
import type { FileDownloadOptions, Place } from './file-download-options.ts'

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
