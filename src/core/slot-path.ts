import { hash } from 'node:crypto'
import { Refusal } from './refusals.ts'

declare const slotPath: unique symbol
declare const fingerprint: unique symbol

/** A slot's path: percent-decoded once, public prefix and leading slash removed, known to be safe. */
export type SlotPath = string & { readonly [slotPath]: true }

/** SHA-256 of a slot's path, base64url: the name of the slot in every store. */
export type Fingerprint = string & { readonly [fingerprint]: true }

/** Longest path accepted, in bytes as it stands on the request line. */
const MAX_PATH_BYTES = 2048

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u

/**
 * Parses the path of a request target, public prefix and leading slash already removed.
 *
 * Refuses (400) an encoded slash, a control character or NUL, an empty, `.` or `..` segment,
 * invalid UTF-8 and anything longer than {@link MAX_PATH_BYTES}.
 */
export function parseSlotPath(raw: string): SlotPath {
  if (isPlainPath(raw)) return raw
  if (Buffer.byteLength(raw) > MAX_PATH_BYTES) throw new Refusal('bad-path', { why: 'too long' })
  if (raw.includes('%') && /%2f/iu.test(raw))
    throw new Refusal('bad-path', { why: 'encoded slash' })
  const decoded = decodeOnce(raw)
  if (!isSlotPath(decoded)) throw new Refusal('bad-path', { why: 'unsafe name' })
  return decoded
}

/** Whether an already decoded text is a path that {@link parseSlotPath} could have returned. */
export function isSlotPath(decoded: string): decoded is SlotPath {
  if (CONTROL.test(decoded) || !decoded.isWellFormed()) return false
  return decoded.split('/').every((segment) => !['', '.', '..'].includes(segment))
}

/** The slot's name in every store: SHA-256(`slot/1` NUL path). */
export function fingerprintOf(path: SlotPath): Fingerprint {
  const digest = hash('sha256', `slot/1\0${path}`, 'base64url')
  if (!isFingerprint(digest)) throw new TypeError('a SHA-256 in base64url has 43 characters')
  return digest
}

/** Whether a value, such as one read from a store, has the form of a fingerprint. */
export function isFingerprint(value: unknown): value is Fingerprint {
  return typeof value === 'string' && /^[\w-]{43}$/u.test(value)
}

/** Percent-encodes a path for a URL: unreserved characters and `/` stay, escapes are upper-case (RFC 3986 §2.3). */
export function encodeSlotPath(path: SlotPath): string {
  if (PLAIN.test(path)) return path
  return encodeURIComponent(path)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/gu, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** Segments of characters that mean themselves, none of them dots alone: nothing to decode, nothing to doubt. */
const PLAIN = /^(?!\.\.?(?:\/|$))[\w.~-]+(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)*$/u

function isPlainPath(raw: string): raw is SlotPath {
  return raw.length <= MAX_PATH_BYTES && PLAIN.test(raw)
}

function decodeOnce(raw: string): string {
  // Node.js hands raw bytes of a request line over as latin1; a client that sent raw UTF-8
  // (ejabberd 25.08 slots) meant the bytes.
  const escaped = raw.replace(/[\u0080-\u00ff]/gu, (byte) => `%${byte.charCodeAt(0).toString(16)}`)
  try {
    return decodeURIComponent(escaped)
  } catch (cause) {
    throw new Refusal('bad-path', { why: 'not UTF-8' }, { cause })
  }
}
