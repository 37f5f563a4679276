import { type KeyObject, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { Instant } from '../core/clock.ts'
import { mac } from '../core/mac.ts'

/** Latest instant that a `Date` can hold. */
const LAST_INSTANT: Instant = 8_640_000_000_000_000

const LONGEST_LOGGED = 4096

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/gu

/** Made once for each secret: making it costs several times as much as the MAC itself. */
const keys = new WeakMap<Buffer, KeyObject>()

/** The secret as a key of `node:crypto`. */
export function keyOf(secret: Buffer): KeyObject {
  const known = keys.get(secret)
  if (known !== undefined) return known
  const key = createSecretKey(secret)
  keys.set(secret, key)
  return key
}

/** Whether one of the secrets makes this MAC, written as 64 hex digits of either case. */
export function isHexMac(shown: string, secrets: readonly Buffer[], text: string): boolean {
  if (!/^[\da-f]{64}$/iu.test(shown)) return false
  const bytes = Buffer.from(shown, 'hex')
  return secrets.some((secret) => timingSafeEqual(bytes, mac(secret, text)))
}

/** Whether one of the secrets makes this MAC, written as padded base64 in its one canonical form (RFC 4648 §4). */
export function isBase64Mac(shown: string, secrets: readonly Buffer[], text: string): boolean {
  if (!/^[A-Za-z\d+/]{43}=$/u.test(shown)) return false
  const bytes = Buffer.from(shown)
  return secrets.some((secret) =>
    timingSafeEqual(bytes, Buffer.from(mac(secret, text).toString('base64'))),
  )
}

/**
 * Whether the text holds a control character. Signed strings are joined with NUL and LF, so a
 * field that held one could make one string mean two things.
 */
export function hasControl(text: string): boolean {
  return text.search(CONTROL) !== -1
}

/** Seconds since 1970 as an instant; beyond what a date can hold, the last that it can. */
export function instantOf(seconds: number): Instant {
  return Math.min(seconds * 1000, LAST_INSTANT)
}

/** The instant as whole seconds since 1970. */
export function secondsOf(instant: Instant): number {
  return Math.floor(instant / 1000)
}

/** The text as it may stand in a log line: control characters as `\xNN`, cut when too long. */
export function escaped(text: string): string {
  return text
    .slice(0, LONGEST_LOGGED)
    .replaceAll('\\', '\\\\')
    .replace(CONTROL, (mark) => `\\x${mark.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
