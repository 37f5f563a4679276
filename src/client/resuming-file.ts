import type { DownloadOptions } from './download-options.ts'
import type { FileHead } from './file-answer.ts'
import { type FileConnection, connectToFile } from './file-connection.ts'
import { persistence } from './persistence.ts'
import type { Network } from './platform.ts'
import { systemTimeAndChance as time } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** The first answer may take so many milliseconds at least: servers wait a moment for a file that is still being uploaded. */
const FIRST_ANSWER = 10_000

/** A network of which nothing is known. */
const UNKNOWN: Network = { isOnline: () => true, onChange: () => {} }

/** A file that is read once, from its beginning, or from where `from` ends, to its end. */
export interface ResumingFile {
  /** Finds out what file it is, and where in it the reading begins. To be called first. */
  readonly open: () => Promise<{ readonly head: FileHead; readonly start: number }>
  /** The next bytes; nothing at the end. */
  readonly next: () => Promise<Uint8Array | undefined>
  /** Where the next bytes begin. */
  readonly offset: () => number
  readonly close: () => void
}

/** Reads over as many connections as it takes. */
export function resumingFile(url: URL, options: DownloadOptions): ResumingFile {
  const { onEvent, from, stall = 3000, network = UNKNOWN, fetch = globalThis.fetch } = options
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, ...(options.signal ? [options.signal] : [])])
  const { persist, progressed } = persistence({ signal, network, time, onEvent })
  let offset = from?.offset ?? 0
  let etag = from?.etag
  let size: number | undefined
  let connection: FileConnection | undefined

  async function connected(failures: number): Promise<FileConnection> {
    if (connection !== undefined) return connection
    // What took too long before gets more time.
    const byte = stall * (1 + failures)
    const answer = size === undefined ? Math.max(byte, FIRST_ANSWER) : byte
    const patience = { answer, byte }
    connection = await connectToFile({ url, offset, etag, size, patience, signal, fetch, time })
    ;({ etag, size } = connection.head)
    onEvent?.({ kind: 'receiving', offset })
    return connection
  }

  async function read(failures: number): Promise<Uint8Array> {
    const { read: readOn } = await connected(failures)
    try {
      return await readOn()
    } catch (reason) {
      connection = undefined
      throw reason
    }
  }

  return {
    async open() {
      const { head } = await persist(connected).catch(async (reason: unknown) => {
        if (from === undefined || !isOfAnother(reason)) throw reason
        offset = 0
        etag = undefined
        return await persist(connected)
      })
      return { head, start: offset }
    },
    async next() {
      if (offset === size) return undefined
      const bytes = await persist(read)
      progressed()
      offset += bytes.length
      if (offset > (size ?? 0))
        throw new UploadError('bad-answer', 'The file goes on after its end')
      return bytes
    },
    offset: () => offset,
    close: () => closing.abort(),
  }
}

function isOfAnother(reason: unknown): boolean {
  return reason instanceof UploadError && reason.code === 'source-changed'
}
