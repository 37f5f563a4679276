import * as HEADER from '../wire/header-fields.ts'
import { fileNameOf } from './file-name.ts'
import { failure, retryAfter, setbackIn } from './outcome.ts'
import type { UploadAnswer } from './transport.ts'
import { UploadError } from './upload-error.ts'

/** What an answer says of the file. */
export interface FileHead {
  readonly size: number
  readonly type: string
  readonly name: string | undefined
  /** Strong ones only: a weak one does not say that bytes are the same (RFC 9110 §8.8.1). */
  readonly etag: string | undefined
}

/** What was asked for. */
export interface Wanted {
  readonly url: string
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
export function fileIn(answer: UploadAnswer, wanted: Wanted): FileAnswer {
  const { headers } = answer
  expectFile(answer)
  const [etag] = /^".*/u.exec(headers.get(HEADER.etag) ?? '') ?? []
  if (wanted.etag !== undefined && etag !== wanted.etag) throw changed()
  const { start, size } = extentIn(answer, wanted.offset)
  if (start > wanted.offset || isCoded(answer)) throw failure('bad-answer', answer)
  if (size !== (wanted.size ?? size) || wanted.offset > size) throw changed()
  const type = headers.get(HEADER.contentType) ?? 'application/octet-stream'
  const name = fileNameOf(headers.get(HEADER.contentDisposition), wanted.url)
  return { head: { size, type, name, etag }, start }
}

function expectFile(answer: UploadAnswer): void {
  // That there is no such part says something of the file.
  const setback = answer.status === 416 ? undefined : setbackIn(answer, false)
  if (setback?.kind === 'later') throw new FileDeferred(answer)
  if (setback) throw failure('refused', answer)
}

function isCoded({ headers }: UploadAnswer): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity'
}

function changed(): UploadError {
  return new UploadError('source-changed', 'The file is not what it was when the download began')
}

interface Extent {
  readonly start: number
  /** Of the whole file. */
  readonly size: number
}

/** RFC 9110 §14.4. Behind the last byte of a file there is an empty part, and that is what a 416 says. */
const PART = /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(\d{1,15})$/u

function extentIn({ status, headers }: UploadAnswer, offset: number): Extent {
  const range = headers.get(HEADER.contentRange)
  const length = headers.get(HEADER.contentLength)
  // Pages see the length of what another origin sends, but a range only if that origin says so (Fetch §3.2.3).
  const isWhole = status === 200 || (status === 206 && range === null && offset === 0)
  if (isWhole && length !== null) return { start: 0, size: Number(length) }
  const [, start, size] = (!isWhole && PART.exec(range ?? '')) || []
  // A part that begins nowhere is none that was asked for.
  return size === undefined
    ? { start: Infinity, size: 0 }
    : { start: Number(start ?? size), size: Number(size) }
}
