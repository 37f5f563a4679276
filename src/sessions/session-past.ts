import type { LiveSession, LiveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { merged, newSwitches } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'

/** What the store remembers of sessions that began anew in memory. */
export interface SessionPast {
  /** Joins a session with its stored past where nobody has looked for one yet. */
  settle(session: LiveSession): Promise<void>
  /** Whether a session that ended is stored: it may have come back from another network for its end. */
  wasStored(session: LiveSession): Promise<boolean>
}

export function sessionPast(live: LiveSessions, { store, events }: SessionNeeds): SessionPast {
  function joined(past: SessionRecord, session: LiveSession): LiveSession {
    const record = merged(past, session.record)
    for (const change of newSwitches(past, session.record)) events.networkChanged(record, change)
    return { ...session, record, origin: 'stored' }
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
    async wasStored(session): Promise<boolean> {
      if (session.origin !== 'unknown') return true
      const past = await store.find(session.record.key)
      if (past !== undefined) joined(past, session)
      return past !== undefined
    },
  }
}
