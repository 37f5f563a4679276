/** What proofs cover of a URL: one text for all its spellings. */
export interface SignedUrl {
  /** Scheme and authority. */
  readonly origin: string
  /** Host and port, without a default port. */
  readonly authority: string
  readonly path: string
  /** The path, and the query as it is. */
  readonly target: string
}

/** Whatever is not in its one form already, or may not be. */
const TO_RENEW = /%[\da-f]{2}|[^\w.~/-]/giu

/** Reads a URL; in its path only unreserved characters and `/` are bare, and escapes are upper-case (RFC 3986 §6.2.2). */
export function signedUrl(url: string): SignedUrl {
  const { origin, host, pathname, search } = new URL(url)
  const path = pathname.replaceAll(TO_RENEW, renewed)
  return { origin, authority: host, path, target: path + search }
}

function renewed(found: string): string {
  // Whatever a path has bare has two digits.
  const code = found.length > 1 ? found.slice(1) : found.charCodeAt(0).toString(16)
  const character = String.fromCharCode(Number(`0x${code}`))
  return /[\w.~/-]/u.test(character) ? character : `%${code.toUpperCase()}`
}
