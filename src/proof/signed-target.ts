/** Bare in RFC 3986 §2.3 and between segments. */
const UNRESERVED = /^[A-Za-z0-9._~/-]$/u

/** As most paths come. */
const IN_FORM = /^[A-Za-z0-9._~/-]*$/u

/** Whatever is not in its one form already, or may not be. */
const TO_RENEW = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~/-]/gu

/**
 * A path in the one form that proofs cover: decoded once and encoded again, so that only
 * unreserved characters and `/` are bare and escapes are upper-case (RFC 3986 §6.2.2). Takes
 * the text of a request line, in which each character stands for a byte.
 */
export function signedPath(path: string): string {
  return IN_FORM.test(path) ? path : path.replace(TO_RENEW, renewed)
}

/**
 * What proofs cover of a request's target: the public prefix, the path as it was received below it
 * in its one form, and the query, if there is one, exactly as received.
 */
export function signedTarget(prefix: string, rawPath: string, rawQuery: string): string {
  const path = signedPath(prefix + rawPath)
  return rawQuery === '' ? path : `${path}?${rawQuery}`
}

function renewed(found: string): string {
  const code = found.length === 3 ? Number.parseInt(found.slice(1), 16) : found.charCodeAt(0)
  const character = String.fromCharCode(code)
  if (UNRESERVED.test(character)) return character
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
}
