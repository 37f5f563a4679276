import { Upload, type UploadOptions } from 'tus-js-client'

/** Before each new try, in milliseconds. After a byte that arrived, they begin anew. */
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 30_000]

/**
 * Uploads a file to a slot, from where an earlier upload of the same file to the same slot stopped. In a browser earlier
 * uploads are remembered by themselves, in Node.js with a `urlStorage`.
 * Throws tus-js-client's error when the server refuses, or does not answer the last try; the signal's reason if it aborts.
 */
export async function uploadToSlot(
  file: Upload['file'],
  putUrl: string,
  { signal, ...options }: UploadOptions & { signal?: AbortSignal } = {},
): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const upload = new Upload(file, {
    // The URL of the slot is the endpoint: a POST there creates the upload.
    endpoint: putUrl,
    retryDelays: RETRY_DELAYS,
    // A slot takes one file, once.
    removeFingerprintOnSuccess: true,
    ...options,
    onSuccess: () => resolve(),
    onError: reject,
  })
  const stop = (): void => {
    reject(signal?.reason)
    void upload.abort()
  }
  signal?.addEventListener('abort', stop, { once: true })
  const [earlier] = await upload.findPreviousUploads()
  if (earlier) upload.resumeFromPreviousUpload(earlier)
  upload.start()
  await promise.finally(() => signal?.removeEventListener('abort', stop))
}
