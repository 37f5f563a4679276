import { answered } from './answered.ts'
import { pause } from './back-off.ts'
import type { Download, DownloadEvent, DownloadOptions } from './download-options.ts'
import type { Network } from './platform.ts'
import { systemTimeAndChance } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** Fetches a file. */
type Fetching = (url: string, options: DownloadOptions) => Promise<Download>

/** So often in a row the code may not come. */
const MOST_TRIES = 6

/**
 * Downloads by code that is loaded with the first of them, and asked for again where it does not come. Rejects like the
 * download itself.
 */
export function lateDownload(
  load: () => Promise<{ readonly download: Fetching }>,
  known: Network,
  time = systemTimeAndChance,
): Fetching {
  return async (url, options) => {
    const { network = known, signal = new AbortController().signal, onEvent } = options
    const tell = (event: DownloadEvent): void => onEvent?.(event)
    for (let failures = 1; ;) {
      const code = await answered(load(), signal).catch(async (cause: unknown) => {
        signal.throwIfAborted()
        tell({ kind: 'lost', reason: cause })
        if (failures === MOST_TRIES) {
          throw new UploadError('out-of-tries', 'The code for downloads is not there', { cause })
        }
        await pause(failures, 0, { signal, network, time, tell })
        // What fails without a network says nothing of the code.
        if (network.isOnline()) failures += 1
      })
      if (code) return await code.download(url, { ...options, network })
    }
  }
}
