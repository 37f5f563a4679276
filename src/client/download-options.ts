import type { Network } from './platform.ts'
import type { UploadEvent } from './upload-event.ts'
import type { Progress } from './upload-options.ts'

/** What a download tells of itself, in the order in which it happens. */
export type DownloadEvent =
  /** Bytes come from this offset on. */
  | { readonly kind: 'receiving'; readonly offset: number }
  | Extract<UploadEvent, { kind: 'lost' | 'waiting' }>

/** The beginning of a file that is there already. */
export interface Beginning {
  /** So many bytes are there. */
  readonly offset: number
  /** The file they are of, as {@link Download.etag} told. */
  readonly etag: string
}

export interface DownloadOptions {
  /** Ends the download; its stream fails with the signal's reason. */
  readonly signal?: AbortSignal
  /** Told of bytes that were read from the stream: `sent` and `stored` are the same. */
  readonly onProgress?: (progress: Progress) => void
  readonly onEvent?: (event: DownloadEvent) => void
  /** What an earlier download left: if the file is still the same, the stream has only the rest of it. */
  readonly from?: Beginning
  /** Milliseconds without a byte after which a connection is held for dead. Default: 3000. */
  readonly stall?: number
  /** Default: nothing is known of it. */
  readonly network?: Network
  /** Default: that of the surroundings. */
  readonly fetch?: typeof fetch
}

/** A file on its way. */
export interface Download {
  readonly url: string
  /** Of the whole file, in bytes. */
  readonly size: number
  /** Media type, as the server says. */
  readonly type: string
  /** What the server says, else the end of the URL; fit to be the name of a file: no folder, no control character. */
  readonly name?: string | undefined
  /** Tells this file from any other that is there under the URL (RFC 9110 §8.8.3); always a strong one. */
  readonly etag?: string | undefined
  /** First byte of the stream: 0, or where `from` ends. */
  readonly start: number
  /** The bytes; they are fetched as they are read. To leave them unread, cancel it or abort the signal. */
  readonly stream: ReadableStream<Uint8Array>
  /** All that the stream has, in memory. Instead of reading the stream. */
  readonly blob: () => Promise<Blob>
}
