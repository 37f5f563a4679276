import type { DownloadOptions } from './download-options.ts'
import { FileDeferred, type FileHead } from './file-answer.ts'
import { type FileConnection, connectToFile } from './file-connection.ts'
import { type PersistenceNeeds, persist } from './persistence.ts'
import { UNKNOWN_NETWORK } from './network-change.ts'
import { systemTimeAndChance as time } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** A file that is read once, over as many connections as it takes. */
export interface OpenFile {
  readonly head: FileHead
  /** Where the reading begins: at the first byte, or where `from` ends. */
  readonly start: number
  /** The next bytes; nothing at the end. */
  readonly next: () => Promise<Uint8Array | undefined>
  readonly close: () => void
}

/** Finds out what file it is. Rejects, as `next` does, with `UploadError` or with the signal's reason. */
export async function openFile(url: string, options: DownloadOptions): Promise<OpenFile> {
  const {
    onEvent,
    from,
    stall = 3000,
    network = UNKNOWN_NETWORK,
    fetch = globalThis.fetch,
  } = options
  const closing = new AbortController()
  const signal = AbortSignal.any([closing.signal, options.signal ?? closing.signal])
  const needs: PersistenceNeeds = { signal, network, time, tell: onEvent, waitOf }
  let { offset, etag } = from ?? { offset: 0, etag: undefined }
  let size: number | undefined
  let connection: FileConnection | undefined

  async function connect(failures: number): Promise<FileConnection> {
    // What took too long before gets more time.
    const means = { signal, fetch, time, stall: stall * (1 + failures) }
    connection = await connectToFile({ url, offset, etag, size, ...means })
    ;({ etag, size } = connection.head)
    onEvent?.({ kind: 'receiving', offset })
    return connection
  }

  async function read(failures: number): Promise<Uint8Array> {
    const { read: readOn } = connection ?? (await connect(failures))
    try {
      return await readOn()
    } catch (reason) {
      connection = undefined
      throw reason
    }
  }

  async function connectAnew(reason: unknown): Promise<FileConnection> {
    const isAnother = reason instanceof UploadError && reason.code === 'source-changed'
    if (!from || !isAnother) throw reason
    offset = 0
    etag = undefined
    return await persist(connect, needs)
  }

  const { head } = await persist(connect, needs).catch(connectAnew)
  return {
    head,
    start: offset,
    async next() {
      if (offset === head.size) return undefined
      const bytes = await persist(read, needs)
      offset += bytes.length
      if (offset <= head.size) return bytes
      closing.abort()
      throw new UploadError('bad-answer', 'The file goes on after its end')
    },
    close: () => closing.abort(),
  }
}

function waitOf(reason: unknown): number {
  return reason instanceof FileDeferred ? reason.wait : 0
}
