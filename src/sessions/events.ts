import type { SeenNetwork, SessionRecord } from './session-record.ts'

/** What the sessions tell the rest of the program; `observe` turns it into audit lines and metrics. */
export interface SessionEvents {
  /** A slot's first upload began to be kept, and a session with it. */
  opened(session: SessionRecord): void
  /** A request of the session came from another network than the one before. */
  networkChanged(session: SessionRecord, networks: { from: SeenNetwork; to: SeenNetwork }): void
  /** A session reached its greatest age. */
  expired(session: SessionRecord): void
  /** A session without an unfinished upload made room for others. */
  evicted(session: SessionRecord): void
  /** There was no room for the session of a slot, which goes on without one. */
  noRoom(slot: string): void
}
