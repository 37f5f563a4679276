import { randomBytes } from 'node:crypto'

/**
 * Fresh random text: `bytes` bytes of the system's CSPRNG as base64url without padding
 * (RFC 4648 §5). The only source of randomness in the program.
 */
export function randomId(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}
