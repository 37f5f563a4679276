import type { Registry } from 'prom-client'
import type { SessionEvents } from '../sessions/events.ts'
import { total, totalBy } from './totals.ts'

/** What became of sessions, counted. */
export function sessionMetrics(registry: Registry): SessionEvents {
  const events = totalBy(registry, 'hfs_session_events_total', [
    'opened',
    'expired',
    'evicted',
    'no-room',
  ])
  const switches = total(registry, 'hfs_network_switches_total')
  return {
    opened() {
      events('opened').count += 1
    },
    networkChanged() {
      switches.count += 1
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
