import type { Fingerprint } from '../core/slot-path.ts'
import type { LiveSession } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { begun, presentNetwork, visited } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'
import { type SessionRoom, sessionRoom } from './session-room.ts'
import { sessionWriter } from './session-writer.ts'
import { type Visitor, visitOf } from './visitor.ts'

/**
 * The sessions of slots: what is known of a client that has nothing to show but its grant. A
 * session authorises nothing; whatever limits the use of a grant belongs to the slot's record, so
 * that losing a session weakens nothing.
 *
 * All but `flush` and `cleanup` work in memory and return at once. A session is stored with a later
 * `flush`, and only if its upload is unfinished by then.
 */
export interface Sessions {
  /** Notes an authorised request on a slot. */
  visit(slot: Fingerprint, visitor: Visitor): void
  /** Begins the slot's session in memory, unless there is one; returns whether it did. */
  begin(slot: Fingerprint, visitor: Visitor): boolean
  /** What was known of the slot's client before the request that may have begun its session just now. */
  known(slot: Fingerprint): Promise<SessionRecord | undefined>
  /** Takes back what `begin` did, for a request that is refused. */
  unbegin(slot: Fingerprint): void
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
  const { events, policy, store } = needs
  const { live, limits } = shared
  const writer = sessionWriter({ live, limits }, needs)
  const count = (): number => limits.stored() + live.unstored()

  function change(slot: Fingerprint, how: (session: LiveSession) => Partial<LiveSession>): void {
    const session = live.find(slot)
    if (session !== undefined) live.put({ ...session, ...how(session), isDirty: true })
  }

  return {
    visit(slot, visitor): void {
      if (begin(slot, visitor)) return
      const session = live.find(slot)
      if (session === undefined) return
      const record = visited(session.record, visitOf(visitor, needs))
      live.put({ ...session, record, isDirty: true }, 'used')
      if (record.switches === session.record.switches) return
      const [from, to] = [presentNetwork(session.record), presentNetwork(record)]
      if (from !== undefined && to !== undefined) events.networkChanged(record, { from, to })
    },
    begin,
    async known(slot): Promise<SessionRecord | undefined> {
      const session = live.find(slot)
      if (session !== undefined && session.origin !== 'unknown') return session.record
      return (await store.find(slot)) ?? session?.record
    },
    unbegin(slot): void {
      if (live.find(slot)?.origin === 'unknown') live.forget(slot)
    },
    opened: (slot) =>
      change(slot, ({ record, origin }) => {
        const opened = holding(record, slot)
        events.opened(opened)
        return { record: opened, origin: origin === 'unknown' ? 'new' : origin }
      }),
    kept: (slot) => change(slot, ({ record }) => ({ record: holding(record, slot) })),
    recovered: (slot) =>
      change(slot, ({ record }) => ({ record: { ...record, recoveries: record.recoveries + 1 } })),
    ended(slot): void {
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

  function begin(slot: Fingerprint, visitor: Visitor): boolean {
    if (!policy().isEnabled || live.find(slot) !== undefined || !hasRoom(slot)) return false
    const record = begun(slot, visitOf(visitor, needs))
    live.put({ record, origin: 'unknown', isDirty: true }, 'used')
    return true
  }

  async function flush(): Promise<void> {
    await writer.write()
    await limits.makeRoom(0)
    live.trim()
  }

  /**
   * Makes room in memory if need be; `false` when all that are there have something to do. Whether
   * there is room in the store shows when it is needed: the session may be stored already.
   */
  function hasRoom(slot: Fingerprint): boolean {
    if (live.size() < policy().maxSessions || live.giveWay()) return true
    events.noRoom(slot)
    return false
  }
}

function holding(record: SessionRecord, slot: Fingerprint): SessionRecord {
  if (record.uploads.includes(slot)) return record
  return { ...record, uploads: [...record.uploads, slot] }
}
