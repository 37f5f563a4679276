import { macOnce } from './mac.ts'

/**
 * HKDF-SHA256 (RFC 5869) of 32 bytes, for which one block is enough; `salt` and `info` by their UTF-8
 * bytes. Takes half of the time of `hkdfSync`, and every proof of a session needs one.
 */
export function derivedKey(secret: Buffer, { salt, info }: { salt: string; info: string }): Buffer {
  const extracted = macOnce(Buffer.from(salt), '', secret)
  return macOnce(extracted, `${info}\u0001`)
}
