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
  /** Removes the records with these keys; resolves also where there are none. */
  remove(keys: readonly string[]): Promise<void>
  /** How many there are. */
  count(): Promise<number>
  /** Sessions opened at or before `moment`, earliest first, at most `limit`. */
  openedBefore(moment: Instant, limit: number): Promise<readonly SessionRecord[]>
  /** Sessions without an unfinished upload, least recently active first, at most `limit`. */
  idle(limit: number): Promise<readonly SessionRecord[]>
}
