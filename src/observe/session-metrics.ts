import type { Registry } from 'prom-client'
import type { SessionEvents } from '../sessions/events.ts'
import type { ClassOfNetwork } from './session-events.ts'
import { totalBy, totalByTwo } from './totals.ts'

/** What became of sessions, counted. */
export function sessionMetrics(registry: Registry, classOf: ClassOfNetwork): SessionEvents {
  const events = totalBy(registry, 'hfs_session_events_total', [
    'opened',
    'expired',
    'evicted',
    'no-room',
  ])
  const switches = totalByTwo(registry, 'hfs_network_switches_total')
  const labelOf = (network: string): string => classOf(network) ?? UNKNOWN
  // Without databases the only series, and there from the start.
  switches(UNKNOWN, UNKNOWN)
  return {
    opened() {
      events('opened').count += 1
    },
    networkChanged(_session, { from, to }) {
      switches(labelOf(from.network), labelOf(to.network)).count += 1
    },
    expired() {
      events('expired').count += 1
    },
    evicted() {
      events('evicted').count += 1
    },
    noRoom() {
      events('no-room').count += 1
    },
  }
}

const UNKNOWN = 'unknown'
