import type { Download, DownloadOptions } from './download-options.ts'
import { openFile } from './open-file.ts'
import { progressMeter } from './progress-meter.ts'
import { systemTimeAndChance as time } from './time-and-chance.ts'

/** Milliseconds from one report of progress to the next: nobody reads more of them. */
const REPORT_EVERY = 50

/**
 * Fetches a file, and goes on at the byte after every loss (`Range` with `If-Range`, RFC 9110 §13.1.5, §14.2).
 * Resolves as soon as the server has said what file it is; the bytes come as they are read.
 *
 * ```ts
 * const { size, stream } = await download(url, { onProgress: ({ sent }) => bar.update(sent / size) })
 * await stream.pipeTo(place)
 * ```
 *
 * `url` is absolute. A file without a strong `ETag` cannot be told from another one, so it comes in one go or not at
 * all. Rejects, or ends the stream, with `UploadError` or with the signal's reason.
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<Download> {
  const { head, start, next, close } = await openFile(new URL(url).href, options)
  const { size, type } = head
  const report = reporter(size, options)
  let offset = start
  report(offset)
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const bytes = await next()
      if (!bytes) return controller.close()
      controller.enqueue(bytes)
      offset += bytes.length
      report(offset)
    },
    cancel: close,
  }
  // Nothing is fetched before somebody wants it.
  const stream = new ReadableStream(source, { highWaterMark: 0 })
  const blob = async (): Promise<Blob> =>
    await new Response(stream, { headers: { 'content-type': type } }).blob()
  return { url, ...head, start, stream, blob }
}

function reporter(size: number, { onProgress }: DownloadOptions): (offset: number) => void {
  const measure = onProgress && progressMeter(size, onProgress, time)
  let due = 0
  return (offset) => {
    if (time.now() < due && offset < size) return
    due = time.now() + REPORT_EVERY
    measure?.({ kind: 'stands', offset })
  }
}
