import type { Config } from '../config/options.ts'
import { type Instant, systemClock } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { EngineEvents } from '../engine/events.ts'
import { type SlotRecord, isReserving, lastByteIn } from '../engine/slot-record.ts'
import type { SessionEvents } from '../sessions/events.ts'
import type { SessionNeeds, SessionPolicy } from '../sessions/needs.ts'
import { type BoundSessions, boundSessions } from '../sessions/bound-sessions.ts'
import { sessionRoom } from '../sessions/session-room.ts'
import { type Sessions, slotSessions } from '../sessions/sessions.ts'
import type { Stores } from './stores.ts'

/** The configured policy as the sessions take it. */
export function sessionPolicyOf({ sessionStore }: Config): SessionPolicy {
  const { enabled, maxSessions, maxSessionAge } = sessionStore
  return { isEnabled: enabled, maxSessions, maxAge: maxSessionAge }
}

/** The sessions of this process: those of slots, and those that have a key. */
export interface AllSessions extends Pick<Sessions, 'flush' | 'cleanup' | 'count'> {
  readonly slots: Sessions
  readonly bound: BoundSessions
}

/** The sessions of this process over their store, with the machine's clock. */
export function sessionsOver(
  { sessions: store, slots: slotStore }: Pick<Stores, 'sessions' | 'slots'>,
  events: SessionEvents,
  settings: Pick<SessionNeeds, 'policy' | 'networkName' | 'isShared'>,
): AllSessions {
  const lastByteOf = async (slot: Fingerprint): Promise<Instant | undefined> => {
    const record = await slotStore.find(slot)
    return record && lastByteIn(record)
  }
  const needs = { store, events, ...settings, clock: systemClock, lastByteOf }
  const room = sessionRoom(needs)
  const slots = slotSessions(needs, room)
  const bound = boundSessions(needs, room)
  return {
    slots,
    bound,
    count: () => slots.count(),
    async flush(): Promise<void> {
      await bound.flush()
      await slots.flush()
    },
    async cleanup(signal): Promise<void> {
      await bound.flush()
      await slots.cleanup(signal)
    },
  }
}

/** Begins, keeps and ends sessions as `events` learns of their uploads. */
export function sessionsFollowing(
  { slots, bound }: Pick<AllSessions, 'slots' | 'bound'>,
  events: EngineEvents,
): EngineEvents {
  return {
    ...events,
    slotOpened(slot, client): void {
      events.slotOpened(slot, client)
      if (slot.session === undefined) slots.opened(slot.fingerprint)
      else bound.kept(slot.session, slot.fingerprint)
    },
    recovered(slot, client): void {
      events.recovered(slot, client)
      if (slot.session === undefined) slots.recovered(slot.fingerprint)
    },
    adopted(slot, upload, adoption): void {
      events.adopted(slot, upload, adoption)
      left(adoption.from)
    },
    interrupted(slot, upload, kept): void {
      events.interrupted(slot, upload, kept)
      if (!isReserving(slot)) return
      if (slot.session === undefined) slots.kept(slot.fingerprint)
      else bound.kept(slot.session, slot.fingerprint)
    },
    published(slot, upload, seconds): void {
      events.published(slot, upload, seconds)
      left(slot)
    },
    repeated(slot, outcome): void {
      events.repeated(slot, outcome)
      left(slot)
    },
    abandoned(slot, upload, why): void {
      events.abandoned(slot, upload, why)
      if (!isReserving(slot)) left(slot)
    },
  }

  function left(slot: SlotRecord): void {
    const { session, fingerprint } = slot
    if (session === undefined) slots.ended(fingerprint)
    else bound.left(session, fingerprint, lastByteIn(slot))
  }
}
