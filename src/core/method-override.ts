import { HEADER } from '../wire/header-names.ts'

const OVERRIDES = ['PATCH', 'DELETE', 'HEAD']

/** A request as far as its method goes. */
interface Asked {
  readonly method: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * The method that is meant: clients that cannot send every method send POST and name another in
 * `X-HTTP-Method-Override` (tus 1.0, Headers).
 */
export function methodOf({ method, headers }: Asked): string {
  if (method !== 'POST') return method
  const meant = String(headers[HEADER.methodOverride] ?? '').toUpperCase()
  return OVERRIDES.includes(meant) ? meant : method
}
