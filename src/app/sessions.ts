import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import type { EngineEvents } from '../engine/events.ts'
import { isReserving } from '../engine/slot-record.ts'
import type { SessionEvents } from '../sessions/events.ts'
import type { SessionNeeds, SessionPolicy } from '../sessions/needs.ts'
import { type Sessions, slotSessions } from '../sessions/sessions.ts'
import type { Stores } from './stores.ts'

/** The configured policy as the sessions take it. */
export function sessionPolicyOf({ sessionStore }: Config): SessionPolicy {
  const { enabled, maxSessions, maxSessionAge } = sessionStore
  return { isEnabled: enabled, maxSessions, maxAge: maxSessionAge }
}

/** The sessions of this process over their store, with the machine's clock. */
export function sessionsOver(
  { sessions: store }: Pick<Stores, 'sessions'>,
  events: SessionEvents,
  settings: Pick<SessionNeeds, 'policy' | 'networkName'>,
): Sessions {
  return slotSessions({ store, events, ...settings, clock: systemClock })
}

/** Begins, keeps and ends the sessions of slots as `events` learns of their uploads. */
export function sessionsFollowing(sessions: Sessions, events: EngineEvents): EngineEvents {
  return {
    ...events,
    slotOpened(slot, client): void {
      events.slotOpened(slot, client)
      sessions.opened(slot.fingerprint)
    },
    recovered(slot, client): void {
      events.recovered(slot, client)
      sessions.recovered(slot.fingerprint)
    },
    continued(slot, client): void {
      events.continued(slot, client)
      sessions.visit(slot.fingerprint, { client, userAgent: undefined })
    },
    interrupted(slot, upload, kept): void {
      events.interrupted(slot, upload, kept)
      if (isReserving(slot)) sessions.kept(slot.fingerprint)
    },
    published(slot, upload, seconds): void {
      events.published(slot, upload, seconds)
      sessions.ended(slot.fingerprint)
    },
    repeated(slot, outcome): void {
      events.repeated(slot, outcome)
      sessions.ended(slot.fingerprint)
    },
    abandoned(slot, upload, why): void {
      events.abandoned(slot, upload, why)
      if (!isReserving(slot)) sessions.ended(slot.fingerprint)
    },
  }
}
