import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import type { Answer } from '../http/exchange.ts'
import type { Metrics } from '../observe/metrics.ts'
import { HEADER } from '../wire/header-names.ts'
import { hostName, requireKnownHost, requireOwnOrigin, requireToken } from './visitor.ts'

/** The part of a request that the admin listener looks at: no address, so no address is ever trusted. */
export interface AdminRequest {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

export interface AdminRouteNeeds {
  /** Host names that requests may name; absent on a UNIX socket, which no browser reaches. */
  readonly hosts?: readonly string[]
  /** What to show for all but metrics and health; `not-needed` on a UNIX socket. */
  readonly access: { readonly token: string | undefined } | 'not-needed'
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  readonly readiness: { live(): Answer; ready(): Promise<Answer> }
}

/** Makes the function that answers a request of an operator or throws a `Refusal`. */
export function adminRoutes(needs: AdminRouteNeeds): (request: AdminRequest) => Promise<Answer> {
  const { access, metrics, readiness } = needs
  const hosts = needs.hosts && new Set(needs.hosts.flatMap((host) => hostName(host) ?? []))
  const open = new Map<string, () => Answer | Promise<Answer>>([
    ['/metrics', () => metricsAnswer(metrics)],
    ['/-/health/live', () => readiness.live()],
    ['/-/health/ready', () => readiness.ready()],
  ])
  return async ({ method, path, headers }) => {
    if (hosts !== undefined) requireKnownHost(headers, hosts)
    requireOwnOrigin(headers)
    const route = open.get(path)
    if (route === undefined && access !== 'not-needed') requireToken(headers, access.token)
    if (route === undefined) throw new Refusal('not-found')
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Refusal('method-not-allowed', { allow: 'GET, HEAD' })
    }
    return await route()
  }
}

async function metricsAnswer(metrics: AdminRouteNeeds['metrics']): Promise<Answer> {
  return {
    status: 200,
    headers: { [HEADER.contentType]: metrics.contentType, [HEADER.cacheControl]: 'no-store' },
    body: await metrics.text(),
  }
}
