import { timingSafeEqual } from 'node:crypto'
import type { Instant } from '../core/clock.ts'
import { mac } from '../core/mac.ts'
import type { KeySuccession } from './proof-keys.ts'

/**
 * A text that we made, that has an end, and that we need not remember: base64url of
 * `version ‖ end (4 bytes, seconds) ‖ 16 random bytes ‖ tag`, where the tag is the first half of an
 * HMAC-SHA256 of all before it, NUL, and what the text is about.
 */
export interface Stamp {
  readonly expiresAt: Instant
  /** The random bytes, base64url: one text's, and no other's. */
  readonly id: string
  /** What the tag covers of the text itself. */
  readonly head: Buffer
  readonly tag: Buffer
}

const VERSION = 1
const RANDOM_BYTES = 16
const RANDOM_START = 5
const HEAD_BYTES = RANDOM_START + RANDOM_BYTES
const TAG_BYTES = 16
const STAMP_BYTES = HEAD_BYTES + TAG_BYTES

/** Makes a stamp about something; `id` is 16 random bytes, base64url. */
export function stampText(
  key: Buffer,
  about: string,
  { expiresAt, id }: Pick<Stamp, 'expiresAt' | 'id'>,
): string {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(VERSION)
  head.writeUInt32BE(Math.ceil(expiresAt / 1000), 1)
  head.write(id, RANDOM_START, 'base64url')
  return Buffer.concat([head, tagOf(head, key, about)]).toString('base64url')
}

/** Reads a text that may be a stamp, in its one canonical form (RFC 4648 §3.5); whoever made it. */
export function readStamp(text: string): Stamp | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== STAMP_BYTES || bytes[0] !== VERSION) return undefined
  if (bytes.toString('base64url') !== text) return undefined
  return {
    expiresAt: bytes.readUInt32BE(1) * 1000,
    id: bytes.toString('base64url', RANDOM_START, HEAD_BYTES),
    head: bytes.subarray(0, HEAD_BYTES),
    tag: bytes.subarray(HEAD_BYTES),
  }
}

/** Whether one of the keys made the stamp about this; takes as long whichever did, or none. */
export function isOurStamp({ head, tag }: Stamp, keys: KeySuccession, about: string): boolean {
  const found = keys.map((key) => timingSafeEqual(tag, tagOf(head, key, about)))
  return found.includes(true)
}

function tagOf(head: Buffer, key: Buffer, about: string): Buffer {
  return mac(key, `\0${about}`, head).subarray(0, TAG_BYTES)
}
