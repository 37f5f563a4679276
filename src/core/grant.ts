import type { Instant } from './clock.ts'
import type { Fingerprint, SlotPath } from './slot-path.ts'

export const SCHEMES = ['v1', 'v2', 'v3', 'token', 'jwt', 'bearer'] as const

/** How a grant is signed. */
export type Scheme = (typeof SCHEMES)[number]

/** Shortest secret that grants may be signed with, in bytes. */
export const MIN_SECRET_BYTES = 16

/** A grant that carries no time counts as expired so many milliseconds after its slot's first use. */
export const TIMELESS_LIFE = 10 * 60_000

/** A slot as we verified it: permission to upload exactly one file, of one size, to one path. */
export interface Grant {
  readonly scheme: Scheme
  readonly path: SlotPath
  readonly fingerprint: Fingerprint
  /** Length of the upload in bytes. */
  readonly size: number
  /** The media type to store and serve; the one the signature covers where it covers one. */
  readonly contentType: string
  /** Bare JID, where the grant names one. */
  readonly user?: string
  readonly issuedAt?: Instant
  /** From then on the grant opens no new slot. Absent: the scheme signs no time. */
  readonly expiresAt?: Instant
  /** When the published file is to be removed, where the grant says so. */
  readonly fileExpiresAt?: Instant
  /**
   * SHA-256 of the signed string, for schemes that do not sign the whole path (`bearer`):
   * the first path that presents it owns it.
   */
  readonly claim?: string
  /** Of a fresh grant for a slot that is open: the one session that may use it, and which of its refreshes it is. */
  readonly refresh?: { readonly session: string; readonly number: number }
}
