import type { OutgoingHttpHeaders } from 'node:http'
import type { Answer } from './exchange.ts'

const METHODS = 'GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE'

const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Content-Range',
  'Content-Digest',
  'Repr-Digest',
  'Want-Repr-Digest',
  'DPoP',
  'Expires',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Range',
  'Tus-Resumable',
  'Upload-Checksum',
  'Upload-Complete',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Draft-Interop-Version',
  'Upload-Incomplete',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Offset',
  'X-Adopt-Upload',
  'X-Challenge-Response',
  'X-HTTP-Method-Override',
  'X-Session-Accept',
  'X-Session-ID',
].join(', ')

/** Those that clients read; each answer carries the list, so it names nothing that is never sent. */
const RESPONSE_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Length',
  'Content-Location',
  'Content-Range',
  'DPoP-Nonce',
  'ETag',
  'Last-Modified',
  'Location',
  'Range',
  'Repr-Digest',
  'Retry-After',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Complete',
  'Upload-Defer-Length',
  'Upload-Draft-Interop-Version',
  'Upload-Expires',
  'Upload-Incomplete',
  'Upload-Length',
  'Upload-Limit',
  'Upload-Metadata',
  'Upload-Offset',
  'WWW-Authenticate',
  'X-Auth-Required',
  'X-Chunk-Size',
  'X-Next-Challenge',
  'X-Resume',
  'X-Security-Level',
  'X-Session-Expires',
  'X-Session-ID',
  'X-Session-Key',
].join(', ')

/**
 * Fields of every answer, errors included: any origin may read it (Fetch standard, CORS protocol).
 * The same for all requests, so that a cache cannot keep one without them; never with credentials.
 */
export const CROSS_ORIGIN: Readonly<OutgoingHttpHeaders> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': RESPONSE_HEADERS,
}

/**
 * The answer to OPTIONS, preflight or not: 200 with what is allowed, and a protocol's own fields.
 * `methods` are those of what was asked about; without it, of the server as a whole.
 */
export function optionsAnswer(headers: OutgoingHttpHeaders = {}, methods = METHODS): Answer {
  return {
    status: 200,
    headers: {
      allow: methods,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': '86400',
      ...headers,
    },
  }
}
