/** Why an upload or a download ended without its file. */
export type UploadErrorCode =
  /** The server does not take or give it, and trying again would not change that. */
  | 'refused'
  /** The server wants a new slot (security level 3), and none was to be had. */
  | 'reauthentication-required'
  /** The file is not what it was when the transfer began. */
  | 'source-changed'
  /** Its certificate is not one of an authority that is trusted, not its own, or has expired. */
  | 'untrusted-server'
  /** What the server answers is not what it speaks. */
  | 'bad-answer'
  /** It failed again and again without any progress. */
  | 'out-of-tries'

/** What is known of the failure. */
export interface Failure {
  /** The HTTP status, if there was an answer; 0: a redirection, of which a browser tells no more. */
  readonly status?: number
  /** `code` of the server's problem document, if it sent one. */
  readonly problem?: string
  readonly cause?: unknown
}

/** An upload or a download that ended without its file. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  readonly code: UploadErrorCode
  readonly status: number | undefined
  readonly problem: string | undefined

  constructor(code: UploadErrorCode, message: string, failure: Failure = {}) {
    super(message, failure)
    this.code = code
    this.status = failure.status
    this.problem = failure.problem
  }
}
