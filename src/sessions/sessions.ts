import type { ClientAddress } from '../core/client-address.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import { type LiveSession, liveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { productOf } from './product.ts'
import { begun, presentNetwork, visited } from './session-life.ts'
import type { SessionRecord } from './session-record.ts'
import { sessionLimits } from './session-limits.ts'
import { sessionWriter } from './session-writer.ts'

/** Who sends a request. */
export interface Visitor {
  readonly client: ClientAddress
  readonly userAgent: string | undefined
}

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
export function slotSessions(needs: SessionNeeds): Sessions {
  const { clock, events, policy } = needs
  const live = liveSessions(clock)
  const limits = sessionLimits(live, needs)
  const writer = sessionWriter({ live, limits }, needs)
  const count = (): number => limits.stored() + live.unstored()

  function change(slot: Fingerprint, how: (session: LiveSession) => Partial<LiveSession>): void {
    const session = live.find(slot)
    if (session !== undefined) live.put({ ...session, ...how(session), isDirty: true })
  }

  return {
    visit(slot, visitor): void {
      if (!policy().isEnabled) return
      const session = live.find(slot)
      const visit = visitOf(visitor, needs)
      if (session === undefined) {
        if (!hasRoom(slot)) return
        return live.put({ record: begun(slot, visit), origin: 'unknown', isDirty: true }, 'used')
      }
      const record = visited(session.record, visit)
      live.put({ ...session, record, isDirty: true }, 'used')
      if (record.switches === session.record.switches) return
      const [from, to] = [presentNetwork(session.record), presentNetwork(record)]
      if (from !== undefined && to !== undefined) events.networkChanged(record, { from, to })
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

function visitOf(
  { client, userAgent }: Visitor,
  { clock, networkName }: SessionNeeds,
): Parameters<typeof begun>[1] {
  const product = productOf(userAgent)
  const known = product === undefined ? {} : { product }
  return { at: clock(), network: networkName(client), ...known }
}

function holding(record: SessionRecord, slot: Fingerprint): SessionRecord {
  if (record.uploads.includes(slot)) return record
  return { ...record, uploads: [...record.uploads, slot] }
}
