import type { SessionNeeds } from './needs.ts'
import { joinedWith, merged } from './session-life.ts'
import { tellSwitches } from './session-past.ts'
import type { SessionRecord } from './session-record.ts'
import type { SessionRoom } from './session-room.ts'

/** Joins what this process saw of sessions with what is stored of them, by whichever process. */
export interface SharedPast {
  /** Joins the session and takes it out of memory; resolves to `false` if none is stored. */
  join(key: string): Promise<boolean>
  /** Stores the session as a new one, or does without where there is no room. */
  begin(key: string): Promise<void>
  /** Tells of the changes of network that show with what has been seen since. */
  readonly tell: (past: SessionRecord | undefined, since: SessionRecord) => void
}

export function sharedPast({ live, limits, away }: SessionRoom, needs: SessionNeeds): SharedPast {
  const { store, events, policy } = needs

  /** What is known here of the session, which `keep` stores; it stays in memory if that fails. */
  async function moved(
    key: string,
    keep: (since: SessionRecord) => Promise<boolean>,
  ): Promise<boolean> {
    const since = live.find(key)?.record
    // It ended meanwhile.
    if (since === undefined) return true
    live.forget(key)
    let isStored = false
    try {
      isStored = await keep(since)
    } finally {
      if (!isStored) putBack(since)
    }
    return isStored
  }

  function putBack(since: SessionRecord): void {
    const newer = live.find(since.key)?.record
    const record = newer === undefined ? since : merged(since, newer)
    live.put({ record, origin: 'unknown', isDirty: true })
  }

  async function replaced(past: SessionRecord, since: SessionRecord): Promise<boolean> {
    const { revision } = past
    const both = joinedWith(past, since)
    const record = { ...both.record, revision: (revision ?? 0) + 1 }
    // Without one it is of a server that had its sessions for itself.
    if (revision === undefined) await store.save([record])
    else if (!(await store.replace(record, revision))) return false
    tellSwitches(both, events)
    return true
  }

  function tell(past: SessionRecord | undefined, since: SessionRecord): void {
    tellSwitches(joinedWith(past, since), events)
  }

  return {
    async join(key): Promise<boolean> {
      for (;;) {
        const past = await store.find(key)
        if (past === undefined) return false
        if (await moved(key, async (since) => await replaced(past, since))) return true
      }
    },
    async begin(key): Promise<void> {
      if (limits.stored() >= policy().maxSessions) {
        live.forget(key)
        away.tell(key)
        return
      }
      await moved(key, async (since) => {
        limits.add(1)
        await store.save([{ ...since, revision: 1 }])
        tell(undefined, since)
        return true
      })
    },
    tell,
  }
}
