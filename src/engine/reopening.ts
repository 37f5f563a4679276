import { CLOCK_SKEW, type Instant } from '../core/clock.ts'
import { type Grant, TIMELESS_LIFE } from '../core/grant.ts'
import type { EnginePolicy } from './policy.ts'
import type { SlotRecord } from './slot-record.ts'

/** So long a slot that was reopened stays open. */
const REOPENED_FOR = 24 * 3_600_000

/** Why an expired grant is of no use: for the log and the metrics. */
export type WhyExpired = 'never-used' | 'used-later' | 'switched-off' | 'too-old' | 'too-often'

interface Circumstances {
  readonly now: Instant
  readonly policy: Pick<EnginePolicy, 'maxRecoveries' | 'maxSessionAge'>
}

/** What a grant is worth on a slot that has no file. */
export type Standing =
  | { readonly kind: 'valid' }
  /** Expired, but its slot was used in time: it may be reopened. */
  | { readonly kind: 'recoverable' }
  | { readonly kind: 'expired'; readonly why: WhyExpired }

const VALID: Standing = { kind: 'valid' }

/** What the grant is worth on its slot, which nobody used yet if there is no record. Pure. */
export function standingOf(
  record: SlotRecord | undefined,
  grant: Grant,
  { now, policy }: Circumstances,
): Standing {
  const expiry = expiryOf(record, grant)
  if (now <= expiry) return VALID
  if (record === undefined) return { kind: 'expired', why: 'never-used' }
  // Another grant opened the slot after this one had expired.
  if (record.openedAt > expiry) return { kind: 'expired', why: 'used-later' }
  if (now < (record.reopenedUntil ?? 0)) return VALID
  if (policy.maxRecoveries === 'off') return { kind: 'expired', why: 'switched-off' }
  if (now >= record.openedAt + policy.maxSessionAge) return { kind: 'expired', why: 'too-old' }
  if ((record.recoveries ?? 0) >= policy.maxRecoveries) return { kind: 'expired', why: 'too-often' }
  return { kind: 'recoverable' }
}

/** The slot as it is once an expired grant was accepted on it. Pure. */
export function reopened(record: SlotRecord, { now, policy }: Circumstances): SlotRecord {
  const end = record.openedAt + policy.maxSessionAge
  return {
    ...record,
    recoveries: (record.recoveries ?? 0) + 1,
    reopenedUntil: Math.min(now + REOPENED_FOR, end),
  }
}

function expiryOf(record: SlotRecord | undefined, { expiresAt }: Grant): Instant {
  if (expiresAt !== undefined) return expiresAt + CLOCK_SKEW
  return record === undefined ? Infinity : record.openedAt + TIMELESS_LIFE
}
