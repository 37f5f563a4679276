import { Refusal } from '../core/refusals.ts'
import type { SlotRecord } from './slot-record.ts'

/** What a request has proved, and who says what it may do. Absent: it proved nothing. */
export interface Passage {
  /** Stored name of the session that proved itself with this request. */
  readonly session?: string
  /** Stored name of the session that the slot is bound to if this request opens it. */
  readonly binds?: string
  /**
   * Asked for every record that is seen before it is used: before anybody is disturbed, and again with
   * the right to write if the record is another one then. May refuse. `rebind`: a slot that is bound is bound to
   * `binds` from now on.
   */
  judge?(record: SlotRecord, circumstances: Circumstances): Promise<'pass' | 'rebind'>
}

/** What a judge needs to know beside the record. */
export interface Circumstances {
  /** Whether the grant has expired and would be accepted once more. */
  readonly reopens: boolean
}

/** Whether there is anything to ask before the record is used; an unbound slot costs an unproved request nothing. */
export function isGuarded(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
): record is SlotRecord {
  return record !== undefined && (record.session !== undefined || passage?.judge !== undefined)
}

/**
 * The one rule: a bound slot is used by its session alone, or by whom the judge lets take its place.
 * Resolves to the session that the slot is bound to from now on, where that is another one. Refuses
 * with `proof-required`, and as the judge does.
 */
export async function letPass(
  record: SlotRecord,
  passage: Passage | undefined,
  circumstances: Circumstances,
): Promise<string | undefined> {
  const verdict = await passage?.judge?.(record, circumstances)
  // Who opened a slot unbound may be anybody: nobody can claim it later.
  if (record.session === undefined) return undefined
  if (verdict === 'rebind' && passage?.binds !== undefined) return passage.binds
  if (passage?.session === record.session) return undefined
  throw new Refusal('proof-required')
}
