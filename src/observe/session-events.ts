import type { SessionEvents } from '../sessions/events.ts'
import type { AuditTrail } from './audit.ts'
import type { Log } from './log.ts'
import type { Privacy } from './privacy.ts'
import { shownNetwork } from './privacy.ts'

type Session = Parameters<SessionEvents['expired']>[0]

/** What a network, by the name that is stored of it, is there for; nothing if that is not known. */
export type ClassOfNetwork = (network: string) => string | undefined

/** What became of sessions, as audit lines. That one was opened says the line of its slot. */
export function sessionAudit(
  { record }: Pick<AuditTrail, 'record'>,
  privacy: Privacy,
  classOf: ClassOfNetwork,
): SessionEvents {
  return {
    opened: () => undefined,
    networkChanged: (session, { from, to }) =>
      record({
        event: 'network-changed',
        ...named(session),
        address: shownNetwork(to.network, privacy),
        from: shownNetwork(from.network, privacy),
        networkClass: shownNetwork(classOf(to.network), privacy),
        fromClass: shownNetwork(classOf(from.network), privacy),
      }),
    expired: (session) => record({ event: 'session-ended', ...named(session), why: 'expired' }),
    evicted: (session) => record({ event: 'session-ended', ...named(session), why: 'evicted' }),
    noRoom: (slot) => record({ event: 'session-refused', slot, why: 'no-room' }),
  }
}

/** A session with a key has a name of its own; others have that of their slot. */
function named({ key, bound }: Session): { readonly slot: string } | { readonly session: string } {
  return bound === undefined ? { slot: key } : { session: key }
}

/** What became of sessions, as log lines: all of it is detail. */
export function sessionLog(log: Log, privacy: Privacy): SessionEvents {
  return {
    opened: () => undefined,
    networkChanged: (session, { from, to }) =>
      log.debug(
        {
          ...named(session),
          switches: session.switches,
          from: shownNetwork(from.network, privacy),
          address: shownNetwork(to.network, privacy),
        },
        'client changed its network',
      ),
    expired: (session) => log.debug(named(session), 'session expired'),
    evicted: (session) => log.debug(named(session), 'session evicted'),
    noRoom: (slot) => log.debug({ slot }, 'no room for a session'),
  }
}
