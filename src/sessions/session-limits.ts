import type { LiveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'

/** Sessions ended together before others get their turn. */
const BATCH = 256

/** How many sessions there may be, and for how long. */
export interface SessionLimits {
  /** How many are stored: the latest count, and what this process changed since. */
  stored(): number
  /** So many more are stored. */
  add(more: number): void
  /** Asks the store how many there are, which costs it more the more there are. */
  count(): Promise<void>
  /**
   * Evicts, least recently used first, until there is room for so many more. Sessions with an unfinished
   * upload stay, whatever their number.
   */
  makeRoom(more: number): Promise<void>
  /** Ends those that are too old. */
  endOld(signal: AbortSignal): Promise<void>
}

export function sessionLimits(live: LiveSessions, needs: SessionNeeds): SessionLimits {
  const { store, events, clock, policy } = needs
  let stored = 0
  return {
    stored: () => stored,
    add(more): void {
      stored += more
    },
    async count(): Promise<void> {
      stored = await store.count()
    },
    async makeRoom(more): Promise<void> {
      const surplus = stored + more - policy().maxSessions
      if (surplus <= 0) return
      const idle = await store.idle(Math.min(surplus, BATCH))
      const removed = await store.remove(idle.map(({ key }) => key))
      stored -= removed
      for (const session of idle) {
        live.forget(session.key)
        events.evicted(session)
      }
    },
    async endOld(signal): Promise<void> {
      while (!signal.aborted) {
        const old = await store.openedBefore(clock() - policy().maxAge, BATCH)
        if (old.length === 0) return
        await store.remove(old.map(({ key }) => key))
        for (const session of old) {
          live.forget(session.key)
          events.expired(session)
        }
      }
    },
  }
}
