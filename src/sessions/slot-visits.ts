import type { Fingerprint } from '../core/slot-path.ts'
import type { SessionNeeds } from './needs.ts'
import { begun, begunAmongOthers, presentNetwork, visited } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'
import type { SessionRoom } from './session-room.ts'
import { type Visitor, visitOf } from './visitor.ts'

/** Requests on slots, as their sessions note them. */
export interface SlotVisits {
  /** Notes an authorised request on a slot. */
  visit(slot: Fingerprint, visitor: Visitor): void
  /** Begins the slot's session in memory, unless there is one; returns whether it did. */
  begin(slot: Fingerprint, visitor: Visitor): boolean
  /** What is known of the slot's client apart from requests of this very moment. */
  known(slot: Fingerprint): Promise<SessionRecord | undefined>
  /** Takes back what `begin` did, for a request that is refused. */
  unbegin(slot: Fingerprint): void
}

export function slotVisits(needs: SessionNeeds, { live, away }: SessionRoom): SlotVisits {
  const { policy, events, store, isShared = false } = needs
  return {
    visit(slot, visitor): void {
      if (begin(slot, visitor)) return
      const session = live.find(slot)
      if (session === undefined) return
      const record = visited(session.record, visitOf(visitor, needs))
      live.put({ ...session, record, isDirty: true }, 'used')
      if (isShared || record.switches === session.record.switches) return
      const [from, to] = [presentNetwork(session.record), presentNetwork(record)]
      if (from !== undefined && to !== undefined) events.networkChanged(record, { from, to })
    },
    begin,
    async known(slot): Promise<SessionRecord | undefined> {
      const session = live.find(slot)
      if (session !== undefined && session.origin !== 'unknown') return session.record
      // Nobody has looked yet; what is in memory began with this request, or a moment before.
      return await store.find(slot)
    },
    unbegin(slot): void {
      if (live.find(slot)?.origin === 'unknown') live.forget(slot)
    },
  }

  function begin(slot: Fingerprint, visitor: Visitor): boolean {
    if (!policy().isEnabled || live.find(slot) !== undefined || !hasRoom(slot)) return false
    const record = (isShared ? begunAmongOthers : begun)(slot, visitOf(visitor, needs))
    live.put({ record, origin: 'unknown', isDirty: true }, 'used')
    return true
  }

  /**
   * Makes room in memory if need be; `false` when all that are there have something to do. Whether
   * there is room in the store shows when it is needed: the session may be stored already.
   */
  function hasRoom(slot: Fingerprint): boolean {
    if (live.size() < policy().maxSessions || live.giveWay()) return true
    away.tell(slot)
    return false
  }
}
