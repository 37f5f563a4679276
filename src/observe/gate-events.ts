import { Histogram, type Registry } from 'prom-client'
import type { GateEvents } from '../gate/events.ts'
import type { AuditTrail } from './audit.ts'
import type { Log } from './log.ts'
import { METRICS, metricHead } from './metric-table.ts'
import { type Privacy, shownAddress, shownPlace, shownUser } from './privacy.ts'
import { threatLog } from './threat-log.ts'
import { totalBy, totalByTwo } from './totals.ts'

/** What the gate decided, as audit lines: what was suspicious, and every key that was given. */
export function gateAudit({ record }: Pick<AuditTrail, 'record'>, privacy: Privacy): GateEvents {
  return {
    decided({ session, client, place = {}, surprise, level, reasons, verdict }) {
      if (level === 1) return
      const from = { address: shownAddress(client, privacy), ...shownPlace(place, privacy) }
      const unusual = reasons.includes('anomaly') ? shownSurprise(surprise) : {}
      const why = reasons.join(' ')
      record({ event: 'assessed', session, ...from, level, why, ...unusual, verdict })
    },
    unproved: ({ session, client, why }) =>
      record({ event: 'unproved', session, address: shownAddress(client, privacy), why }),
    bound: (session, { slot, client, key, succeeds }) =>
      record({
        event: 'session-opened',
        session,
        slot,
        address: shownAddress(client, privacy),
        key,
        succeeds,
      }),
    refreshed: (session, { client, number: count }) =>
      record({ event: 'refreshed', session, address: shownAddress(client, privacy), count }),
    refreshRefused: (session, { client, code }) =>
      record({ event: 'refresh-refused', session, address: shownAddress(client, privacy), code }),
    ended: (session, client) =>
      record({
        event: 'session-ended',
        session,
        address: shownAddress(client, privacy),
        why: 'requested',
      }),
    bindingRefused: (session, { slot, client }) =>
      record({
        event: 'session-refused',
        session,
        slot,
        address: shownAddress(client, privacy),
        why: 'bound',
      }),
    threatFound: ({ pattern, effect, session, user, client, count, duration }) =>
      record({
        event: 'threat',
        session,
        user: shownUser(user, privacy),
        address: client === undefined ? undefined : shownAddress(client, privacy),
        pattern,
        effect,
        count,
        seconds: duration / 1000,
      }),
    threatLifted: ({ pattern, session }) => record({ event: 'threat-lifted', session, pattern }),
  }
}

/** A surprise in tenths of bits, with what made it. */
function shownSurprise(surprise: Decision['surprise']): { score?: number; features?: string } {
  if (surprise === undefined) return {}
  const score = Math.round(surprise.score * 10) / 10
  return { score, features: surprise.features.map(({ feature }) => feature).join(' ') }
}

type Decision = Parameters<GateEvents['decided']>[0]

/** The same as log lines: all of it is detail, but for patterns that were found. */
export function gateLog(log: Log, privacy: Privacy): GateEvents {
  return {
    decided({ session, client, level, reasons, verdict }) {
      if (level === 1) return
      const address = shownAddress(client, privacy)
      log.debug({ session, address, level, reasons, verdict }, 'suspicious request')
    },
    unproved: ({ session, client, why }) =>
      log.debug({ session, address: shownAddress(client, privacy), why }, 'proof refused'),
    bound: (session, { slot, key }) => log.debug({ session, slot, key }, 'session opened'),
    refreshed: (session, { number }) => log.debug({ session, number }, 'session refreshed'),
    refreshRefused: (session, { code }) => log.debug({ session, code }, 'session not refreshed'),
    ended: (session) => log.debug({ session }, 'session ended by its client'),
    bindingRefused: (session, { slot }) =>
      log.debug({ session, slot }, 'slot is bound to a session already'),
    threatFound: threatLog(log, privacy),
    threatLifted: ({ pattern, session }) => log.debug({ pattern, session }, 'threat lifted'),
  }
}

/** The same, counted. */
export function gateMetrics(registry: Registry): GateEvents {
  const levels = totalByTwo(registry, 'hfs_security_decisions_total')
  const reasons = totalBy(registry, 'hfs_security_reasons_total')
  const unusual = totalByTwo(registry, 'hfs_anomaly_verdicts_total')
  const scores = scoreHistogram(registry)
  const failures = totalBy(registry, 'hfs_proof_failures_total')
  const opened = totalBy(registry, 'hfs_bound_sessions_total', ['hmac', 'dpop', 'refused'])
  const threats = totalBy(registry, 'hfs_threats_total', [
    'grant-on-two-networks',
    'session-in-two-countries',
    'failing-proofs',
    'uploads-deleted-for-abuse',
  ])
  const asked = totalBy(registry, 'hfs_bound_session_requests_total', ['refreshed', 'ended'])
  return {
    decided({ level, verdict, surprise, reasons: all }) {
      levels(String(level), verdict).count += 1
      if (surprise !== undefined) scores.observe(surprise.score)
      if (all.includes('anomaly')) unusual(String(level), verdict).count += 1
      for (const reason of all) reasons(reason).count += 1
    },
    unproved({ why }) {
      failures(why).count += 1
    },
    bound(_session, { key }) {
      opened(key).count += 1
    },
    refreshed() {
      asked('refreshed').count += 1
    },
    // The refusals are counted by their codes.
    refreshRefused: () => undefined,
    ended() {
      asked('ended').count += 1
    },
    bindingRefused() {
      opened('refused').count += 1
    },
    threatFound({ pattern }) {
      threats(pattern).count += 1
    },
    threatLifted: () => undefined,
  }
}

function scoreHistogram(registry: Registry): Histogram {
  const name = 'hfs_anomaly_score_bits'
  return new Histogram({ ...metricHead(registry, name), buckets: [...METRICS[name].buckets] })
}
