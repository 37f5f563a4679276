import { randomBytes } from 'node:crypto'

/** Bytes fetched from the system at a time: a call for each id would cost more than its use. */
const POOL_BYTES = 4096

let pool = Buffer.alloc(0)
let used = 0

/**
 * Fresh random text: `bytes` bytes of the system's CSPRNG as base64url without padding
 * (RFC 4648 §5). The only source of randomness in the program. No byte is handed out twice.
 */
export function randomId(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(Math.max(POOL_BYTES, bytes))
    used = 0
  }
  const start = used
  used += bytes
  return pool.toString('base64url', start, used)
}
