import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'

/**
 * Refuses (421) a request that names another host than the listener's own: a page whose name was
 * rebound to a loopback address sends its own name (RFC 9110 §7.4).
 */
export function requireKnownHost({ host }: IncomingHttpHeaders, hosts: ReadonlySet<string>): void {
  const name = host === undefined ? undefined : hostName(host)
  if (name === undefined || !hosts.has(name)) throw new Refusal('misdirected-request')
}

/** Refuses (403) a request that a page of another origin makes (RFC 6454 §7.3; `null` is foreign too). */
export function requireOwnOrigin({ host, origin }: IncomingHttpHeaders): void {
  if (origin === undefined) return
  const own = URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
  if (!own) throw new Refusal('foreign-origin')
}

/**
 * Refuses (401) a request without the right `Authorization: Bearer` token (RFC 6750 §2.1). Digests
 * are compared, in constant time, so that not even the token's length shows. No token set: nobody has it.
 */
export function requireToken(
  { authorization }: IncomingHttpHeaders,
  token: string | undefined,
): void {
  const shown = /^Bearer +(\S+)$/iu.exec(authorization ?? '')?.[1]
  const fits =
    shown !== undefined && token !== undefined && timingSafeEqual(digest(shown), digest(token))
  if (!fits) throw new Refusal('admin-unauthorized')
}

/** A host's name without its port, in lower case and without the brackets of an IPv6 address. */
export function hostName(authority: string): string | undefined {
  return /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d*)?$/u
    .exec(authority.toLowerCase())
    ?.slice(1)
    .find(Boolean)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
