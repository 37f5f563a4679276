import type { IncomingHttpHeaders } from 'node:http'
import { HEADER } from '../wire/header-names.ts'
import type { Approach } from './gate.ts'

/** What of a request an approach is made of. */
interface Visit extends Pick<Approach, 'client'> {
  readonly headers: IncomingHttpHeaders
  readonly target: Pick<Approach, 'rawPath' | 'query'>
}

/** What a request shows at the gate, where its protocol understands the length of the upload to be `size`. */
export function approachOf({ client, headers, target }: Visit, size: Approach['size']): Approach {
  return {
    client,
    userAgent: headers['user-agent'],
    rawPath: target.rawPath,
    query: target.query,
    authorization: headers.authorization,
    contentType: headers[HEADER.contentType],
    size,
  }
}
