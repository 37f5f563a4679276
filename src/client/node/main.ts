/** Uploads and downloads that go on at the byte, for Node.js. */
import process from 'node:process'
import { type Forget, forgetting } from '../forgetting.ts'
import { UNKNOWN_NETWORK } from '../network-change.ts'
import type { Platform } from '../platform.ts'
import type { SlotSource } from '../slot.ts'
import type { Source } from '../source.ts'
import { uploading } from '../upload.ts'
import { type UploadAll, uploadingAll } from '../upload-list.ts'
import type { UploadOptions, Uploaded } from '../upload-options.ts'
import { httpTransport } from './http-transport.ts'
import { expectVersion } from './needed-version.ts'
import { pathSource } from './path-source.ts'

export type * from '../common-interface.ts'
export { download } from '../download.ts'
export { UploadError } from '../upload-error.ts'
export { downloadTo, type Downloaded } from './download-to.ts'
export type { FileDownloadOptions, Place } from './file-download-options.ts'
export { fileStore } from './file-store.ts'
export { httpTransport } from './http-transport.ts'
export type { HttpTransportOptions } from './http-transport-options.ts'

// At once: what is missing in an older one would show only here and there.
expectVersion(process.versions.node)

/** Node.js is not told of networks. */
const platform: Platform = { transport: httpTransport(), network: UNKNOWN_NETWORK }

const uploadSource = uploading(platform)

/**
 * Uploads a file to a slot: a `Blob`, a `Source`, or the file at a path. Nothing is remembered of it unless
 * `options.store` says where.
 *
 * ```ts
 * const { url } = await upload('/home/romeo/film.mp4', slot, {
 *   onProgress: ({ sent, size }) => bar.update(sent / size),
 * })
 * ```
 *
 * Resolves when the file is published. Rejects with `UploadError`, or with the reason of `options.signal`.
 */
export async function upload(
  source: Blob | Source | string,
  slot: SlotSource,
  options?: UploadOptions,
): Promise<Uploaded> {
  const opened = typeof source === 'string' ? await pathSource(source) : source
  return await uploadSource(opened, slot, options)
}

/** Gives an unfinished upload in `options.store` up: forgets its keys, and tells the server. Abort the upload before. */
export const forget: Forget = forgetting(platform)

/** Uploads several files, some at a time. Resolves to what became of each, in their order. */
export const uploadAll: UploadAll<Blob | Source | string> = uploadingAll(upload)
