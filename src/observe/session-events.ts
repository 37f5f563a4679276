import type { SessionEvents } from '../sessions/events.ts'
import type { AuditTrail } from './audit.ts'
import type { Log } from './log.ts'
import type { Privacy } from './privacy.ts'
import { shownNetwork } from './privacy.ts'

/** What became of sessions, as audit lines. That one was opened says the line of its slot. */
export function sessionAudit(
  { record }: Pick<AuditTrail, 'record'>,
  privacy: Privacy,
): SessionEvents {
  return {
    opened: () => undefined,
    networkChanged: ({ key: slot }, { from, to }) =>
      record({
        event: 'network-changed',
        slot,
        address: shownNetwork(to.network, privacy),
        from: shownNetwork(from.network, privacy),
      }),
    expired: ({ key: slot }) => record({ event: 'session-ended', slot, why: 'expired' }),
    evicted: ({ key: slot }) => record({ event: 'session-ended', slot, why: 'evicted' }),
    noRoom: (slot) => record({ event: 'session-refused', slot, why: 'no-room' }),
  }
}

/** What became of sessions, as log lines: all of it is detail. */
export function sessionLog(log: Log, privacy: Privacy): SessionEvents {
  return {
    opened: () => undefined,
    networkChanged: ({ key: slot, switches }, { from, to }) =>
      log.debug(
        {
          slot,
          switches,
          from: shownNetwork(from.network, privacy),
          address: shownNetwork(to.network, privacy),
        },
        'client changed its network',
      ),
    expired: ({ key: slot }) => log.debug({ slot }, 'session expired'),
    evicted: ({ key: slot }) => log.debug({ slot }, 'session evicted'),
    noRoom: (slot) => log.debug({ slot }, 'no room for a session'),
  }
}
