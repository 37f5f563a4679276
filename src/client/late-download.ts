import type { Download, DownloadOptions } from './download-options.ts'
import { lateCode } from './late-code.ts'
import type { Network } from './platform.ts'
import { systemTimeAndChance } from './time-and-chance.ts'

/** Fetches a file. */
type Fetching = (url: string, options: DownloadOptions) => Promise<Download>

/** The module of downloads. */
interface Code {
  readonly download: Fetching
}

/** Downloads by code that is loaded with the first of them. Rejects like the download itself, or as it is loaded. */
export function lateDownload(
  load: () => Promise<Code>,
  known: Network,
  time = systemTimeAndChance,
): Fetching {
  return async (url, options) => {
    const { network = known, signal = new AbortController().signal, onEvent } = options
    const { download } = await lateCode(load, { signal, network, time, tell: onEvent })
    return await download(url, { ...options, network })
  }
}
