import * as HEADER from '../wire/header-fields.ts'
import { failure, retryAfter, setbackIn } from './outcome.ts'
import type { UploadAnswer } from './transport.ts'
import { UploadError } from './upload-error.ts'

/** What an answer says of the file. */
export interface FileHead {
  readonly size: number
  readonly type: string
  /** Strong ones only: a weak one does not say that bytes are the same (RFC 9110 §8.8.1). */
  readonly etag: string | undefined
  readonly disposition: string | null
}

/** What was asked for. */
export interface Wanted {
  /** First byte. */
  readonly offset: number
  /** What is known of the file that is meant. */
  readonly etag: string | undefined
  readonly size: number | undefined
}

/** A file, and the byte of it that an answer's body begins with: the first one that is wanted, or one before it. */
export interface FileAnswer {
  readonly head: FileHead
  readonly start: number
}

/** The server cannot give the file now. */
export class FileDeferred extends Error {
  override readonly name = 'FileDeferred'
  /** How long the server asks to wait, in milliseconds. */
  readonly wait: number

  constructor(answer: UploadAnswer) {
    super(`The server answered ${answer.status}`)
    this.wait = retryAfter(answer)
  }
}

/** Reads the answer to a request with `Range`. Throws `UploadError`, or `FileDeferred` if it is worth asking again. */
export function fileIn(answer: UploadAnswer, { offset, etag, size }: Wanted): FileAnswer {
  const { status, headers } = answer
  const setback = status === 416 ? undefined : setbackIn(answer, false)
  if (setback?.kind === 'later') throw new FileDeferred(answer)
  if (setback) throw failure('refused', answer)
  const tag = headers.get(HEADER.etag)
  const found = {
    type: headers.get(HEADER.contentType) ?? 'application/octet-stream',
    etag: tag?.startsWith('"') === true ? tag : undefined,
    disposition: headers.get(HEADER.contentDisposition),
  }
  if (etag !== undefined && found.etag !== etag) throw changed()
  const extent = extentOf(answer, offset)
  if (size !== undefined && extent.size !== size) throw changed()
  return { head: { ...found, size: extent.size }, start: extent.start }
}

interface Extent {
  readonly start: number
  /** Of the whole file. */
  readonly size: number
}

function extentOf(answer: UploadAnswer, offset: number): Extent {
  const { status, headers } = answer
  const range = headers.get(HEADER.contentRange)
  if (status === 416) {
    // An empty file has no byte that a range could name.
    if (offset === 0 && range === 'bytes */0') return { start: 0, size: 0 }
    throw changed()
  }
  // Pages see the length of what another origin sends, but a range only if that origin says so (Fetch §3.2.3).
  const isWhole = status === 200 || (range === null && offset === 0)
  const extent = isWhole ? wholeIn(headers) : partIn(range ?? '')
  const coding = headers.get('content-encoding') ?? 'identity'
  if (extent.start > offset || coding !== 'identity') throw failure('bad-answer', answer)
  return extent
}

/** A file that begins nowhere is none that was asked for. */
const NOWHERE: Extent = { start: Infinity, size: 0 }

function wholeIn(headers: Headers): Extent {
  const length = headers.get(HEADER.contentLength)
  return length === null ? NOWHERE : { start: 0, size: Number(length) }
}

/** RFC 9110 §14.4. */
function partIn(range: string): Extent {
  const [, start, size] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/u.exec(range) ?? []
  return start === undefined ? NOWHERE : { start: Number(start), size: Number(size) }
}

function changed(): UploadError {
  return new UploadError('source-changed', 'The file is not the one that the download began with')
}
