import type { LiveSession, LiveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { type Joined, joinedWith } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'

/** What the store remembers of sessions that began anew in memory. */
export interface SessionPast {
  /** Joins a session with its stored past where nobody has looked for one yet. */
  settle(session: LiveSession): Promise<void>
  /** Tells of the changes of network of a session that ended: it may have come back from another one for its end. */
  tellEnded(session: LiveSession): Promise<void>
}

export function sessionPast(live: LiveSessions, { store, events }: SessionNeeds): SessionPast {
  function joined(past: SessionRecord, session: LiveSession): LiveSession {
    const both = joinedWith(past, session.record)
    tellSwitches(both, events)
    return { ...session, record: both.record, origin: 'stored' }
  }

  return {
    async settle({ origin, record: { key } }): Promise<void> {
      if (origin !== 'unknown') return
      const past = await store.find(key)
      const session = live.find(key)
      // It may have ended meanwhile, and come again.
      if (session?.origin !== 'unknown') return
      live.put(past === undefined ? { ...session, origin: 'new' } : joined(past, session))
    },
    async tellEnded({ origin, record }): Promise<void> {
      if (origin !== 'unknown') return
      const past = await store.find(record.key)
      if (past !== undefined) tellSwitches(joinedWith(past, record), events)
    },
  }
}

/** Tells of the changes of network that show by joining what was seen of a session. */
export function tellSwitches({ record, switches }: Joined, events: SessionNeeds['events']): void {
  for (const change of switches) events.networkChanged(record, change)
}
