/** Why there is no slot. */
export type SlotErrorCode =
  /** The server has no upload service. */
  | 'no-service'
  /** The file is larger than the service takes: `maxFileSize`. */
  | 'file-too-large'
  /** Not now, for the user has sent enough: `retryAt`, if the service tells. */
  | 'retry-later'
  /** The service does not give this user, or for this file, a slot: `condition`. */
  | 'refused'
  /** What is answered is no slot. */
  | 'bad-answer'

/** What is known of it. */
export interface SlotFailure {
  /** In bytes. */
  readonly maxFileSize?: number | undefined
  readonly retryAt?: Date | undefined
  /** The stanza error's condition (RFC 6120 §8.3.3). */
  readonly condition?: string | undefined
  readonly cause?: unknown
}

/** There is no slot. */
export class SlotError extends Error {
  override readonly name = 'SlotError'
  readonly code: SlotErrorCode
  readonly maxFileSize: number | undefined
  readonly retryAt: Date | undefined
  readonly condition: string | undefined

  constructor(code: SlotErrorCode, message: string, failure: SlotFailure = {}) {
    const { maxFileSize, retryAt, condition, cause } = failure
    super(message, cause === undefined ? {} : { cause })
    this.code = code
    this.maxFileSize = maxFileSize
    this.retryAt = retryAt
    this.condition = condition
  }
}
