import { HEADER } from '../wire/header-names.ts'
import type { Exchange } from './exchange.ts'

const OVERRIDES = ['PATCH', 'DELETE', 'HEAD']

/**
 * The method that is meant: clients that cannot send every method send POST and name another in
 * `X-HTTP-Method-Override` (tus 1.0, Headers).
 */
export function methodOf({ method, headers }: Pick<Exchange, 'method' | 'headers'>): string {
  const meant = String(headers[HEADER.methodOverride] ?? '').toUpperCase()
  return method === 'POST' && OVERRIDES.includes(meant) ? meant : method
}
