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
   * the right to write if the record is another one then. May refuse. `rebind`: a slot that is bound is
   * bound to `binds` from now on.
   */
  judge?(record: SlotRecord, circumstances: Circumstances): Promise<'pass' | 'rebind'>
  /** Told, with the right to write, that the request uses its slot for the first time. May refuse. */
  opens?(): Promise<void>
}

/** What a judge needs to know beside the record. */
export interface Circumstances {
  /** Whether the grant has expired and would be accepted once more. */
  readonly reopens: boolean
}

/** A record that a request may use. */
export interface Passed {
  readonly record: SlotRecord
  /** The session that the slot is bound to from now on, where that is another one. */
  readonly rebinds: string | undefined
}

/**
 * Whether somebody is to be asked before the record is used, who did not let that very record `passed`
 * already. An unbound slot costs a request that proved nothing no more than this.
 */
export function isGuarded(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
  passed?: Passed,
): record is SlotRecord {
  if (record === undefined) return false
  if (record.session === undefined && passage?.judge === undefined) return false
  // Every commit has a lease id of its own.
  return record.lease.id !== passed?.record.lease.id
}

/**
 * The one rule: a bound slot is used by its session alone, or by whom the judge lets take its place.
 * Refuses with `proof-required`, and as the judge does.
 */
export async function letPass(
  record: SlotRecord,
  passage: Passage | undefined,
  circumstances: Circumstances,
): Promise<Passed> {
  const verdict = await passage?.judge?.(record, circumstances)
  // Whoever opened a slot unbound may be anybody: nobody can claim it later.
  if (record.session === undefined) return { record, rebinds: undefined }
  if (verdict === 'rebind' && passage?.binds !== undefined) {
    return { record, rebinds: passage.binds }
  }
  if (passage?.session === record.session) return { record, rebinds: undefined }
  throw new Refusal('proof-required')
}

/** Who asks for an upload by its resource, or for a slot by its session, shows no grant that could have expired. */
const NO_GRANT: Circumstances = { reopens: false }

/** As {@link letPass}, where it is to be asked at all, for a request without a grant; `passed` if it is not. */
export async function letPassWithoutGrant(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
  passed?: Passed,
): Promise<Passed | undefined> {
  return isGuarded(record, passage, passed) ? await letPass(record, passage, NO_GRANT) : passed
}

/** Asks whether the request may use its slot where nobody did before; `passed` is known of a slot that no store has yet. */
export function letOpen(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
  passed?: Passed,
): void | Promise<void> {
  if (record === undefined && passed === undefined) return passage?.opens?.()
  return undefined
}

/** The session that a slot is bound to with a request's first change of it; nothing if none, or the one it has. */
export function bindingOf(
  record: SlotRecord | undefined,
  passage: Passage | undefined,
  passed: Passed | undefined,
): string | undefined {
  if (passed?.rebinds !== undefined) return passed.rebinds
  if (record !== undefined) return undefined
  // Whoever opened it before was taken over before any store knew of it.
  return passed?.record.session ?? passage?.binds
}
