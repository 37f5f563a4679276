import { hash } from 'node:crypto'

/** The secret, padded to SHA-256's block, for the inner and the outer hash (RFC 2104 §2). */
interface Pads {
  readonly inner: Buffer
  readonly outer: Buffer
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
const INNER = 0x36
const OUTER = 0x5c
const INNER_PAD = Buffer.alloc(BLOCK_BYTES, INNER)
const OUTER_PAD = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, OUTER)
const NO_BYTES = Buffer.alloc(0)

/** Made once for each secret. */
const pads = new WeakMap<Buffer, Pads>()

function padsOf(secret: Buffer): Pads {
  const known = pads.get(secret)
  if (known !== undefined) return known
  const made = madePads(secret)
  pads.set(secret, made)
  return made
}

function madePads(secret: Buffer): Pads {
  const key = secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret
  const inner = Buffer.from(INNER_PAD)
  const outer = Buffer.from(OUTER_PAD)
  for (let at = 0; at < key.length; at += 1) {
    const byte = key[at] ?? 0
    inner[at] = byte ^ INNER
    outer[at] = byte ^ OUTER
  }
  return { inner, outer }
}

/**
 * HMAC-SHA256 (RFC 2104) of `prefix` and the text's UTF-8 bytes. Two plain hashes cost half of what
 * an object of `createHmac` does, and every request needs one.
 */
export function mac(secret: Buffer, text: string, prefix: Buffer = NO_BYTES): Buffer {
  return macWith(padsOf(secret), text, prefix)
}

/** As {@link mac}; nothing of the secret is remembered, so that it takes as long every time. */
export function macOnce(secret: Buffer, text: string, prefix: Buffer = NO_BYTES): Buffer {
  return macWith(madePads(secret), text, prefix)
}

function macWith({ inner, outer }: Pads, text: string, prefix: Buffer): Buffer {
  const textStart = BLOCK_BYTES + prefix.length
  const message = Buffer.allocUnsafe(textStart + Buffer.byteLength(text))
  message.set(inner)
  message.set(prefix, BLOCK_BYTES)
  message.write(text, textStart)
  // As text of single bytes: a buffer would be memory of its own each time.
  outer.write(hash('sha256', message, 'binary'), BLOCK_BYTES, 'latin1')
  return Buffer.from(hash('sha256', outer, 'binary'), 'latin1')
}
