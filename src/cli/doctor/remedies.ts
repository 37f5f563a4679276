import { showListenAddress } from '../../config/address-kinds.ts'
import type { Deployment } from './deployment.ts'
import type { Remedy } from './finding.ts'
import { type Answer, field, problemOf } from './http-client.ts'

/** Lines for the part of nginx' configuration that passes requests on to us. */
export function inNginx({ publicUrl }: Deployment, ...lines: readonly string[]): Remedy {
  return { where: `nginx, inside location ${publicUrl.pathname}`, lines }
}

/** Lines of a section of our own configuration file. */
export function inOurs(section: string, ...lines: readonly string[]): Remedy {
  return { where: `our configuration, [${section}]`, lines }
}

/** Where the proxy finds us, as nginx' `proxy_pass` has it. */
export function proxyPass({ config }: Deployment): string {
  const [first] = (config?.server.listen ?? []).filter(({ kind }) => kind !== 'fd')
  return `proxy_pass http://${first === undefined ? '127.0.0.1:5050' : showListenAddress(first)};`
}

/** Whether a proxy counts requests or connections, and found too many (nginx says 503, unless it is told 429). */
export function isTooMany(answer: Answer): boolean {
  return [429, 503].includes(answer.status) && problemOf(answer) === undefined
}

/** Limits of a proxy that a client which comes back cannot help running into. */
export function withoutLimits(deployment: Deployment): Remedy {
  const lines = ['# remove limit_conn and limit_req: the connection that a phone left still counts']
  return inNginx(deployment, ...lines)
}

/** Programs in front of us, by what they call themselves in `Server`; HAProxy has no name. */
const PRODUCTS = ['nginx', 'caddy', 'apache'] as const

/** The remedies for the proxy that gave the answer, all of them if it does not say which it is. */
export function forProxyOf(answer: Answer, remedies: readonly Remedy[]): readonly Remedy[] {
  const server = field(answer, 'server').toLowerCase()
  const product = PRODUCTS.find((name) => server.startsWith(name))
  if (product === undefined) return remedies
  const fitting = remedies.filter(({ where }) => where.toLowerCase().startsWith(product))
  return fitting.length === 0 ? remedies : fitting
}
