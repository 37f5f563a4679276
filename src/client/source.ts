/**
 * Bytes that are read as they are wanted, and can be read again; every `Blob` is such. One that streams has as many
 * as `size` says, or its stream fails.
 */
export type Bytes = Pick<Blob, 'size' | 'stream'>

/** A file of known size that can be read again from any byte: what an upload that resumes needs. */
export interface Source {
  /** In bytes. */
  readonly size: number
  /** Media type; default: `application/octet-stream`. */
  readonly type?: string
  /** What tells this file from others when the program starts again; absent: nothing is remembered of it. */
  readonly id?: string
  /** Another one when the bytes are others; what was begun with another one does not go on. */
  readonly version?: string
  /**
   * The bytes from `start` up to, not including, `end`: a `Blob`, or `{ size, stream }` with a function that opens
   * another `ReadableStream` with each call. Called again for bytes that were lost.
   */
  slice(start: number, end: number): Bytes | Promise<Bytes>
}
