import type { Refusal } from '../core/refusals.ts'
import type { Exchange } from './exchange.ts'

/** What the listeners tell the rest of the program. */
export interface HttpEvents {
  /** A request was answered, or its client is gone (`status` 0). */
  finished(exchange: Exchange, outcome: { status: number; milliseconds: number }): void
  refused(exchange: Exchange, refusal: Refusal): void
  /** A bug of ours ended the request. */
  failed(exchange: Exchange, error: unknown): void
  /** The certificate files changed and the new certificate is in use. */
  certificateReloaded(): void
  /** The certificate files changed to something unusable; the old certificate stays in use. */
  certificateRefused(error: unknown): void
}
