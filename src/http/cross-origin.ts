import type { OutgoingHttpHeaders } from 'node:http'
import { READ_ACROSS, SENT_ACROSS } from '../wire/cross-origin-fields.ts'
import type { Answer } from './exchange.ts'

const METHODS = 'GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE'

/**
 * Fields of every answer, errors included: any origin may read it (Fetch standard, CORS protocol).
 * The same for all requests, so that a cache cannot keep one without them; never with credentials.
 */
export const CROSS_ORIGIN: Readonly<OutgoingHttpHeaders> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': READ_ACROSS.join(', '),
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
      'access-control-allow-headers': SENT_ACROSS.join(', '),
      'access-control-max-age': '86400',
      ...headers,
    },
  }
}
