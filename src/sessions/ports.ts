import type { Instant } from '../core/clock.ts'
import type { SessionRecord } from './session-record.ts'

/**
 * Records of sessions, one per key. Every promise resolves only when its effect is stored. A store
 * that cannot be reached rejects with `Refusal('state-unavailable')`; of a `save` or `remove` that
 * rejects, a part may have happened.
 */
export interface SessionStore extends AsyncDisposable {
  find(key: string): Promise<SessionRecord | undefined>
  /** Stores the records, each in the place of the one that has its key. */
  save(records: readonly SessionRecord[]): Promise<void>
  /**
   * Stores the record in the place of the one with its key if that is at `revision`; resolves to `false`, and
   * changes nothing, if it is at another or gone.
   */
  replace(record: SessionRecord, revision: number): Promise<boolean>
  /** Removes the records with these keys; resolves to how many there were. */
  remove(keys: readonly string[]): Promise<number>
  /** How many there are. */
  count(): Promise<number>
  /** Sessions opened at or before `moment`, earliest first, at most `limit`. */
  openedBefore(moment: Instant, limit: number): Promise<readonly SessionRecord[]>
  /** Sessions without an unfinished upload, least recently active first, at most `limit`. */
  idle(limit: number): Promise<readonly SessionRecord[]>
}
