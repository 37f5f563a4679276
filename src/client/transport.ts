import type { Bytes } from './source.ts'

/** A request as a transport sends it. */
export interface UploadRequest {
  readonly method: 'OPTIONS' | 'POST' | 'PUT' | 'HEAD' | 'PATCH' | 'GET' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Bytes
  readonly signal: AbortSignal
  /** Told how many bytes of the body have been handed to the network so far. */
  readonly onSent?: (bytes: number) => void
}

/** What of an answer matters. */
export interface UploadAnswer {
  /** 0: a redirection, of which a browser tells no more (Fetch §2.2.6). */
  readonly status: number
  readonly headers: Headers
  /** `code` of the problem document (RFC 9457) that came with it. */
  readonly problem?: string
}

/**
 * Sends a request and resolves to its final answer, even if that comes before the last byte of the body was sent.
 * Rejects when the connection is lost, or the signal fires.
 */
export type Transport = (request: UploadRequest) => Promise<UploadAnswer>
