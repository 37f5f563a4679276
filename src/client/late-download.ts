import { answered } from './answered.ts'
import { pause } from './back-off.ts'
import type { Download, DownloadEvent, DownloadOptions } from './download-options.ts'
import type { Network } from './platform.ts'
import { systemTimeAndChance } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** Fetches a file. */
type Fetching = (url: string, options: DownloadOptions) => Promise<Download>

/** The module of downloads. */
interface Code {
  readonly download: Fetching
}

/** So often the code may not come. */
const MOST_TRIES = 6

/**
 * Downloads by code that is loaded with the first of them, and asked for again where it does not come. Rejects like the
 * download itself.
 */
export function lateDownload(
  load: () => Promise<Code>,
  known: Network,
  time = systemTimeAndChance,
): Fetching {
  return async (url, options) => {
    const { network = known, signal = new AbortController().signal, onEvent } = options
    const tell = (event: DownloadEvent): void => onEvent?.(event)

    async function codeAfter(failures: number): Promise<Code> {
      try {
        return await answered(load(), signal)
      } catch (cause) {
        signal.throwIfAborted()
        tell({ kind: 'lost', reason: cause })
        // What fails without a network says nothing of the code.
        const more = failures + (network.isOnline() ? 1 : 0)
        if (more === MOST_TRIES) {
          throw new UploadError('out-of-tries', 'The code for downloads is not there', { cause })
        }
        await pause(more, 0, { signal, network, time, tell })
        return await codeAfter(more)
      }
    }

    const { download } = await codeAfter(0)
    return await download(url, { ...options, network })
  }
}
