import type { Fingerprint } from '../core/slot-path.ts'
import type { LiveSession } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { holding } from './session-life.ts'
import { type SessionRoom, sessionRoom } from './session-room.ts'
import { sessionWriter } from './session-writer.ts'
import { sharedWriter } from './shared-writer.ts'
import { type SlotVisits, slotVisits } from './slot-visits.ts'

/**
 * The sessions of slots: what is known of a client that has nothing to show but its grant. A
 * session authorises nothing; whatever limits the use of a grant belongs to the slot's record, so
 * that losing a session weakens nothing.
 *
 * All but `flush` and `cleanup` work in memory and return at once. A session is stored with a later
 * `flush`, and only if its upload is unfinished by then.
 */
export interface Sessions extends SlotVisits {
  /** The slot, used for the first time, has an unfinished upload: no earlier session can be stored. */
  opened(slot: Fingerprint): void
  /** The slot has an unfinished upload with bytes to come. */
  kept(slot: Fingerprint): void
  /** An expired grant was accepted once more on the slot. */
  recovered(slot: Fingerprint): void
  /** The slot's last upload ended, and its session with it. */
  ended(slot: Fingerprint): void
  /** How many sessions there are; those of other processes as of the latest cleanup. */
  count(): number
  /** Stores what changed, in few batches. Rejects as the store does; then the next one tries again. */
  flush(): Promise<void>
  /** Ends sessions that are too old or too many. */
  cleanup(signal: AbortSignal): Promise<void>
}

/** The sessions of this process, over a store that others may use, too. */
export function slotSessions(
  needs: SessionNeeds,
  shared: SessionRoom = sessionRoom(needs),
): Sessions {
  const { events, policy } = needs
  const { live, limits, away } = shared
  const { isShared = false } = needs
  const writer = (isShared ? sharedWriter : sessionWriter)(shared, needs)
  const count = (): number => limits.stored() + live.unstored()

  function change(slot: Fingerprint, how: (session: LiveSession) => Partial<LiveSession>): void {
    const session = live.find(slot)
    if (session !== undefined) live.put({ ...session, ...how(session), isDirty: true })
  }

  return {
    ...slotVisits(needs, shared),
    opened: (slot) =>
      change(slot, ({ record, origin }) => {
        const opened = holding(record, slot)
        events.opened(opened)
        return { record: opened, origin: isShared ? origin : 'new' }
      }),
    kept: (slot) => change(slot, ({ record }) => ({ record: holding(record, slot) })),
    recovered: (slot) =>
      change(slot, ({ record }) => ({ record: { ...record, recoveries: record.recoveries + 1 } })),
    ended(slot): void {
      away.forget(slot)
      if (policy().isEnabled) live.end(slot)
    },
    count,
    flush,
    async cleanup(signal): Promise<void> {
      await flush()
      await limits.endOld(signal)
      await limits.count()
    },
  }

  async function flush(): Promise<void> {
    await writer.write()
    await limits.makeRoom(0)
    live.trim()
  }
}
