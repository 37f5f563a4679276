/** A product without its version: a token (RFC 9110 §5.6.2) of reasonable length at the start. */
const PRODUCT = /^[\w!#$%&'*+.^`|~-]{1,32}/u

/** The product a `User-Agent` names first, without its version; nothing where there is none. */
export function productOf(userAgent: string | undefined): string | undefined {
  return userAgent === undefined ? undefined : PRODUCT.exec(userAgent)?.[0]
}
