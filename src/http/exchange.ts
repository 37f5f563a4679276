import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { ByteSource } from '../core/bytes.ts'
import type { ClientAddress } from '../core/client-address.ts'

/** A request target, public prefix removed. */
export interface Target {
  /** Path as received (still percent-encoded), without the public prefix and its leading slash. */
  readonly rawPath: string
  /** What follows the question mark, as received; empty without one. */
  readonly queryText: string
  readonly query: URLSearchParams
}

/** A complete answer. */
export interface Answer {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array
}

/**
 * What becomes of an interim answer (1xx) on its way: nothing stands between, a proxy may stumble
 * over it, or the client's HTTP/1.0 knows none.
 */
export type InterimWay = 'direct' | 'proxied' | 'none'

/** One request and the way to answer it, the same for HTTP/1.1 and HTTP/2. */
export interface Exchange {
  /** Unique per request, for the log. */
  readonly id: string
  readonly method: string
  readonly target: Target
  readonly headers: IncomingHttpHeaders
  readonly client: ClientAddress
  /** The request's body; to be pumped at most once. Never pumped: nothing is read, no `100 Continue` is sent. */
  readonly body: ByteSource
  /** Length of the body by `Content-Length`; nothing if the request does not state one. */
  readonly contentLength: number | undefined
  readonly interimWay: InterimWay
  /** Aborts when the client is gone before the answer was complete. */
  readonly signal: AbortSignal
  /** Fields that the answer carries in the place of its own, whatever it will be: success or refusal. */
  adorn(headers: OutgoingHttpHeaders): void
  /**
   * Answers. If the body was not read to its end, the answer goes out at once with
   * `Connection: close` and the rest is discarded within bounds (RFC 9112 §9.6).
   */
  reply(answer: Answer): void
  /**
   * Sends an interim answer (1xx, RFC 9110 §15.2) ahead of the final one; nothing once that was
   * begun, and nothing to a client of HTTP/1.0.
   */
  inform(status: number, headers: OutgoingHttpHeaders): void
  /** Sends the head of an answer whose body follows by `write`; `contentLength` is set by the caller. */
  begin(status: number, headers: OutgoingHttpHeaders): void
  /**
   * Sends a piece of the body; the buffer is lent until this returns, or the promise resolves, and so are
   * `headroom` bytes in front of the piece in the same memory. `last` ends the answer.
   */
  write(piece: Uint8Array, last: boolean, headroom?: number): void | Promise<void>
  /** Ends the connection (HTTP/2: the stream) unanswered. */
  cut(): void
}

/** Answers one request; a `Refusal` it throws is rendered, anything else is a bug: 500. */
export type Handler = (exchange: Exchange) => Promise<void>
