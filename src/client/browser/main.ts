/** Uploads and downloads that go on at the byte, for browsers: pages and workers. */
import type { Download, DownloadOptions } from '../download-options.ts'
import type { Forget } from '../forgetting.ts'
import { lateDownload } from '../late-download.ts'
import { lateForgetting } from '../late-forgetting.ts'
import type { Platform } from '../platform.ts'
import { type UploadAll, uploadingAll } from '../upload-list.ts'
import { type Upload, uploading } from '../upload.ts'
import { networkWatch } from './network-watch.ts'
import { xhrTransport } from './xhr-transport.ts'

export type * from '../common-interface.ts'
export { UploadError } from '../upload-error.ts'
export type { Upload } from '../upload.ts'

const browser: Platform = {
  transport: xhrTransport,
  network: networkWatch,
  store: async () => (await import('./indexed-db-store.ts')).indexedDbStore(),
}

/**
 * Uploads a file to a slot: a `File`, a `Blob`, or a `Source`. It is remembered in IndexedDB until it is published, so
 * that the same call goes on at the byte after a reload of the page; keys are kept such that no script can read them.
 *
 * ```ts
 * const { url } = await upload(file, slot, {
 *   onProgress: ({ sent, size }) => bar.update(sent / size),
 * })
 * ```
 *
 * Resolves when the file is published. Rejects with `UploadError`, or with the reason of `options.signal`.
 */
export const upload: Upload = /* @__PURE__ */ uploading(browser)

/**
 * Gives an unfinished upload up: forgets its keys, and tells the server. Abort the upload before. The code for it is
 * loaded with the first call: if it does not come within ten seconds, this rejects, and nothing is forgotten.
 */
export const forget: Forget = /* @__PURE__ */ lateForgetting(
  async () => await import('../forgetting.ts'),
  browser,
)

/** Uploads several files, some at a time. Resolves to what became of each, in their order. */
export const uploadAll: UploadAll = /* @__PURE__ */ uploadingAll(upload)

const begin = /* @__PURE__ */ lateDownload(async () => await import('../download.ts'), networkWatch)

/**
 * Fetches a file, and goes on at the byte after every loss, at once when there is another network. Resolves when the
 * server has said what file it is. Rejects, or ends the stream, with `UploadError` or with the signal's reason. The code
 * for it is loaded with the first call, and again for a while if that fails.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Download> {
  return await begin(url, options)
}
