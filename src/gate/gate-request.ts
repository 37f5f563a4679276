import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { ClientAddress } from '../core/client-address.ts'
import { methodOf } from '../core/method-override.ts'
import { Refusal } from '../core/refusals.ts'
import type { SignedRequest } from '../proof/signed-request.ts'
import { signedTarget } from '../proof/signed-target.ts'
import type { Visitor } from '../sessions/visitor.ts'
import { HEADER } from '../wire/header-names.ts'

/** A request on its way in. */
export interface GateRequest {
  readonly client: ClientAddress
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly target: {
    /** Path as received, without the public prefix and its leading slash. */
    readonly rawPath: string
    /** Query as received, without `?`. */
    readonly queryText: string
    readonly query: URLSearchParams
  }
  /** Fields that its answer carries in the place of its own, whatever it will be. */
  adorn(headers: OutgoingHttpHeaders): void
}

/** Parameters of a query that carry the MAC of a slot. */
const MACS = ['v', 'v2', 'v3', 'token'] as const

const SESSION_PARAMETER = /(?:^|&)session_id=/iu

/** Refuses (`query-session`) a session in the query: URLs end up in logs and in `Referer`. */
export function refuseQuerySession({ target: { queryText } }: GateRequest): void {
  if (queryText !== '' && SESSION_PARAMETER.test(queryText)) throw new Refusal('query-session')
}

export function visitorOf({ client, headers }: GateRequest): Visitor {
  return { client, userAgent: headers['user-agent'] }
}

/** A field's value; nothing if it is absent. */
export function fieldOf(
  { headers }: Pick<GateRequest, 'headers'>,
  name: string,
): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** What a proof has to cover of the request; `prefix` is the path of the public URL, with a slash at both ends. */
export function signedRequestOf(request: GateRequest, prefix: string): SignedRequest {
  const { client, headers, target } = request
  const { network, address } = client
  return {
    method: methodOf(request).toUpperCase(),
    target: signedTarget(prefix, target.rawPath, target.queryText),
    offset: fieldOf(request, HEADER.uploadOffset) ?? fieldOf(request, HEADER.contentRange),
    digest: fieldOf(request, HEADER.contentDigest) ?? fieldOf(request, HEADER.uploadChecksum),
    network,
    address,
    authorization: headers.authorization,
    queryMac: target.queryText === '' ? undefined : queryMac(target.query),
  }
}

function queryMac(query: URLSearchParams): string | undefined {
  const shown = MACS.find((name) => query.has(name))
  return shown === undefined ? undefined : (query.get(shown) ?? '').toLowerCase()
}
