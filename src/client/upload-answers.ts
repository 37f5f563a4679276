import { HEADER } from '../wire/header-names.ts'
import type { UploadAnswer } from './transport.ts'

/** The server does not take this upload, and trying again would not change that. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused'
  /** The HTTP status. */
  readonly status: number

  constructor(status: number, what: string) {
    super(`${what} was answered with ${status}`)
    this.status = status
  }
}

/** The server cannot serve now; the upload stands. */
export class UploadDeferred extends Error {
  override readonly name = 'UploadDeferred'
  /** How long the server asks to wait, in milliseconds. */
  readonly wait: number

  constructor({ status, headers }: UploadAnswer) {
    super(`The server answered ${status}`)
    const seconds = Number(headers.get('retry-after') ?? 0)
    this.wait = Number.isFinite(seconds) ? seconds * 1000 : 0
  }
}

/** The server does not know the upload any more: its time is over, or its bytes are lost. */
export class UploadGone extends Error {
  override readonly name = 'UploadGone'
  /** The HTTP status. */
  readonly status: number

  constructor(status: number) {
    super(`The upload is gone: ${status}`)
    this.status = status
  }
}

/** Too late, locked, too early, too many (RFC 9110 §15.5.9, RFC 4918 §11.3, RFC 8470 §5.2, RFC 6585 §4): said of now. */
const PASSING: readonly number[] = [408, 423, 425, 429]

/** Throws unless the status is one of those expected: `UploadDeferred` for 5xx and what else passes, else `UploadRefused`. */
export function expectStatus(
  answer: UploadAnswer,
  expected: readonly number[],
  what: string,
): void {
  const { status } = answer
  if (expected.includes(status)) return
  if (status >= 500 || PASSING.includes(status)) throw new UploadDeferred(answer)
  throw new UploadRefused(status, what)
}

/** Throws `UploadGone` if an upload resource is answered for as one that is not there. */
export function expectThere({ status }: UploadAnswer): void {
  if (status === 404 || status === 410) throw new UploadGone(status)
}

/** Whether the answer says that the upload is complete (draft-ietf-httpbis-resumable-upload §4.1.3). */
export function isComplete({ headers }: UploadAnswer): boolean {
  return headers.get(HEADER.uploadComplete) === '?1'
}

/** `Upload-Offset` of an upload of `size` bytes. Throws `UploadRefused` if it is none. */
export function offsetIn({ status, headers }: UploadAnswer, size: number): number {
  const text = headers.get(HEADER.uploadOffset) ?? ''
  const offset = /^\d{1,15}$/u.test(text) ? Number(text) : Infinity
  if (offset > size) throw new UploadRefused(status, `An upload that stands at “${text}”`)
  return offset
}
