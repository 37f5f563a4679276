import type { Instant } from '../core/clock.ts'

/** What becomes of the master keys of a running server. */
export interface KeyEvents {
  /** The file has a key that it did not have; it is used for what is new from then on. */
  added(kid: string, activeFrom: Instant): void
  /** The file has a key no longer: nobody can have something of it any more, or an operator wanted it gone. */
  removed(kid: string, why: 'expired' | 'requested'): void
  /** The file can't be used: the keys stay as they are. */
  refused(error: unknown): void
}
