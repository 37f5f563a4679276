/** What became of a request with a body, as a page tells it. */
export interface SentBody {
  readonly status?: number
  readonly problem?: string
  readonly header?: string | null
  /** Why there was no answer. */
  readonly reason?: string
  /** Bytes that were told to be sent, each time. */
  readonly sent: readonly number[]
}
