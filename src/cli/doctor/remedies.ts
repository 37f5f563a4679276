import { showListenAddress } from '../../config/address-kinds.ts'
import type { Deployment } from './deployment.ts'
import type { Remedy } from './finding.ts'
import { type Answer, field } from './http-client.ts'

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
