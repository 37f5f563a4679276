import * as HEADER from '../wire/header-fields.ts'
import type { UploadAnswer } from './transport.ts'
import { UploadError, type UploadErrorCode } from './upload-error.ts'

/** What became of one step of an upload. */
export type Outcome =
  | { readonly kind: 'created'; readonly resource: string; readonly offset: number }
  | { readonly kind: 'stands'; readonly offset: number }
  | { readonly kind: 'published' }
  /** No answer came. */
  | { readonly kind: 'lost'; readonly reason: unknown }
  | Setback

/** An answer that is no success. */
export interface Setback {
  /**
   * `later`: said of now; `gone`: the upload is not there any more; `elsewhere`: it does not stand where the bytes
   * began; `reauthenticate`: a new slot is wanted; `refused`: trying again would not change it.
   */
  readonly kind: 'later' | 'gone' | 'elsewhere' | 'reauthenticate' | 'refused'
  readonly answer: UploadAnswer
}

/** Too late, locked, too early, too many (RFC 9110 §15.5.9, RFC 4918 §11.3, RFC 8470 §5.2, RFC 6585 §4). */
const PASSING: readonly number[] = [408, 423, 425, 429]

/** Whether the server says of itself that it will pass. */
export function isPassing({ status }: UploadAnswer): boolean {
  return status === 503 || PASSING.includes(status)
}

/** Networks that have their users log in show a page in place of any server; who takes files shows none with 200. */
export function isWebPage({ status, headers }: UploadAnswer): boolean {
  return status === 200 && /^text\/html/iu.test(headers.get(HEADER.contentType) ?? '')
}

const OF_UPLOADS: Readonly<Record<number, Setback['kind']>> = {
  404: 'gone',
  410: 'gone',
  409: 'elsewhere',
}

/** Nothing if the answer is a success. `isResource`: an upload was asked, not a slot. */
export function setbackIn(answer: UploadAnswer, isResource: boolean): Setback | undefined {
  const { status, headers } = answer
  if (status >= 200 && status < 300) return undefined
  // A redirection may be the way of a network to have its user log in: the upload is where it was.
  const passes = (isResource && status < 400) || status >= 500 || PASSING.includes(status)
  if (passes) return { kind: 'later', answer }
  if (status === 401 && headers.get(HEADER.securityLevel) === '3') {
    return { kind: 'reauthenticate', answer }
  }
  return { kind: (isResource && OF_UPLOADS[status]) || 'refused', answer }
}

/** `Upload-Offset` of an upload of `size` bytes; nothing where there is none, or one that it cannot have. */
export function offsetIn({ headers }: UploadAnswer, size: number): number | undefined {
  const text = headers.get(HEADER.uploadOffset) ?? ''
  return /^\d{1,15}$/u.test(text) && Number(text) <= size ? Number(text) : undefined
}

/** How long the server asks to wait (RFC 9110 §10.2.3), in milliseconds, at most an hour. */
export function retryAfter({ headers }: UploadAnswer): number {
  const text = headers.get(HEADER.retryAfter) ?? ''
  // A date is measured by the clock of whoever wrote it.
  const wait = /^\d+$/u.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return Math.min(Math.max(wait || 0, 0), 3_600_000)
}

/** The error that an answer ends an upload with. */
export function failure(code: UploadErrorCode, answer: UploadAnswer): UploadError {
  const { status, problem = '' } = answer
  const what = isWebPage(answer) ? 'a web page' : status || 'a redirection'
  const told = `${what} ${problem}`.trimEnd()
  return new UploadError(code, `The server answered ${told}`, answer)
}
