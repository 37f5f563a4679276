import type { Instant } from '../core/clock.ts'
import { MIN_SECRET_BYTES, type Scheme } from '../core/grant.ts'

/** A key that XMPP servers sign slots with. */
export interface Secret {
  /** At least 16 bytes. */
  readonly value: Buffer
  /** Last instant at which it is accepted, for rotation. Absent: it does not end. */
  readonly notAfter?: Instant
}

/** Secrets by scheme, the preferred one first. A scheme is on if, and only if, it has one. */
export type GrantSecrets = { readonly [scheme in Scheme]?: readonly Secret[] } & {
  /** What Metronome signs into a DELETE (its `http_file_delete_secret`). */
  readonly tokenDelete?: readonly Secret[]
}

/** Throws a `RangeError` that names the scheme of a secret too short to sign with. */
export function assertStrong(secrets: GrantSecrets): void {
  for (const [scheme, listed] of Object.entries(secrets)) {
    if (listed.some((secret) => secret.value.length < MIN_SECRET_BYTES)) {
      throw new RangeError(`A secret of ${scheme} is shorter than ${MIN_SECRET_BYTES} bytes`)
    }
  }
}

/** The secrets' values that are accepted at `now`. */
export function acceptedAt(now: Instant, secrets: readonly Secret[]): readonly Buffer[] {
  return secrets
    .filter((secret) => secret.notAfter === undefined || now <= secret.notAfter)
    .map((secret) => secret.value)
}
