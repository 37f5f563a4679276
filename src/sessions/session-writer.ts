import type { Changes, LiveSession, LiveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { merged, switchBetween } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'

/** Sessions stored together before others get their turn. */
const BATCH = 256

/** Brings the store up to date with the sessions in memory. */
export interface SessionWriter {
  /**
   * Stores what changed, in batches. Resolves to how many more sessions are stored now;
   * rejects as the store does: then it is left to the next time.
   */
  write(): Promise<number>
}

export function sessionWriter(live: LiveSessions, needs: SessionNeeds): SessionWriter {
  const { store, events } = needs

  async function tell({ changed, ended, gone }: Changes): Promise<number> {
    await Promise.all(changed.map(settle))
    const wereStored = await Promise.all(ended.map(wasStored))
    const present = changed.flatMap(({ record }) => live.find(record.key) ?? [])
    const kept = present.filter(isWorthStoring)
    // From now on its end must reach the store, too.
    for (const session of kept) live.put({ ...session, origin: 'stored' })
    await store.remove([...gone, ...ended.map(({ record }) => record.key)])
    for (let at = 0; at < kept.length; at += BATCH) {
      await store.save(kept.slice(at, at + BATCH).map(({ record }) => record))
    }
    const added = kept.filter(({ origin }) => origin === 'new')
    return added.length - wereStored.filter(Boolean).length
  }

  /** Joins a session with its stored past where nobody has looked for one yet. */
  async function settle({ origin, record: { key } }: LiveSession): Promise<void> {
    if (origin !== 'unknown') return
    const past = await store.find(key)
    const session = live.find(key)
    // It may have ended meanwhile, and come again.
    if (session?.origin !== 'unknown') return
    live.put(past === undefined ? { ...session, origin: 'new' } : joined(past, session))
  }

  function joined(past: SessionRecord, session: LiveSession): LiveSession {
    const record = merged(past, session.record)
    const change = switchBetween(past, session.record)
    if (change !== undefined) events.networkChanged(record, change)
    return { ...session, record, origin: 'stored' }
  }

  /** Looks whether a session that ended is stored: it may have come back from another network for its end. */
  async function wasStored(session: LiveSession): Promise<boolean> {
    if (session.origin !== 'unknown') return true
    const past = await store.find(session.record.key)
    if (past !== undefined) joined(past, session)
    return past !== undefined
  }

  return {
    async write(): Promise<number> {
      const changes = live.takeChanges()
      if (Object.values(changes).every(({ length }) => length === 0)) return 0
      try {
        return await tell(changes)
      } catch (error) {
        live.giveBack(changes)
        throw error
      }
    },
  }
}

/** Whether the store has to know of it: it has an unfinished upload, or is there already. */
function isWorthStoring({ record, origin }: LiveSession): boolean {
  return record.uploads.length > 0 || origin === 'stored'
}
