import type { Changes, LiveSession } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { sessionPast } from './session-past.ts'
import type { SessionRoom } from './session-room.ts'

/** Sessions stored together before others get their turn. */
const BATCH = 256

/** Brings the store up to date with the sessions in memory. */
export interface SessionWriter {
  /** Stores what changed, in batches. Rejects as the store does: then it is left to the next time. */
  write(): Promise<void>
}

export function sessionWriter(
  { live, limits, away }: SessionRoom,
  needs: SessionNeeds,
): SessionWriter {
  const { store, policy } = needs
  const past = sessionPast(live, needs)

  async function removeEnded({ ended, gone }: Changes): Promise<void> {
    await Promise.all(ended.map((session) => past.tellEnded(session)))
    const removed = await store.remove([...gone, ...ended.map(({ record }) => record.key)])
    limits.add(-removed)
  }

  async function saveKept({ changed }: Changes): Promise<void> {
    await Promise.all(changed.map((session) => past.settle(session)))
    const keys = changed.map(({ record }) => record.key)
    await limits.makeRoom(worthStoring(keys).filter(isNew).length)
    const kept = withinRoom(worthStoring(keys))
    limits.add(kept.filter(isNew).length)
    // From now on its end must reach the store, too.
    for (const session of kept) live.put({ ...session, origin: 'stored' })
    for (let at = 0; at < kept.length; at += BATCH) {
      await store.save(kept.slice(at, at + BATCH).map(({ record }) => record))
    }
  }

  /** Those that have not ended meanwhile and the store has to know of: uploads are unfinished, or it knows already. */
  function worthStoring(keys: readonly string[]): readonly LiveSession[] {
    const present = keys.flatMap((key) => live.find(key) ?? [])
    return present.filter(({ record, origin }) => record.uploads.length > 0 || origin === 'stored')
  }

  /** Those there is room for; the rest are forgotten. */
  function withinRoom(sessions: readonly LiveSession[]): readonly LiveSession[] {
    let room = policy().maxSessions - limits.stored()
    return sessions.filter((session) => {
      if (!isNew(session)) return true
      room -= 1
      if (room >= 0) return true
      live.forget(session.record.key)
      away.tell(session.record.key)
      return false
    })
  }

  return {
    async write(): Promise<void> {
      const changes = live.takeChanges()
      if (Object.values(changes).every(({ length }) => length === 0)) return
      try {
        await removeEnded(changes)
        await saveKept(changes)
      } catch (error) {
        live.giveBack(changes)
        throw error
      }
    },
  }
}

function isNew({ origin }: LiveSession): boolean {
  return origin === 'new'
}
