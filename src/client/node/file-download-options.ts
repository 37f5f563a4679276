import type { DownloadOptions } from '../download-options.ts'

/** The path of the file, or the folder for a file that is called as the server says. */
export type Place = string | { readonly folder: string }

export interface FileDownloadOptions extends Omit<DownloadOptions, 'from'> {
  /**
   * Whether another file of that name is replaced; else this one gets a number: `cat (1).mp4`. Default: a file at a path
   * is replaced, and none in a folder.
   */
  readonly replace?: boolean
}
