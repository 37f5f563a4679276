import type { EngineEvents } from '../engine/events.ts'
import type { GateEvents } from '../gate/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { KeyEvents } from '../keys/events.ts'
import type { SessionEvents } from '../sessions/events.ts'
import type { AuditTrail } from './audit.ts'
import { engineAudit, httpAudit, untoldAudit } from './event-audit.ts'
import { engineLog, httpLog, isNoted, untoldLog } from './event-log.ts'
import { gateAudit, gateLog } from './gate-events.ts'
import { keyAudit, keyLog } from './key-events.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Privacy } from './privacy.ts'
import { type ClassOfNetwork, sessionAudit, sessionLog } from './session-events.ts'
import { type RefusalBound, refusalBound } from './refusal-bound.ts'

export interface ObserverParts {
  readonly log: Log
  /** Absent: no audit trail is kept. */
  readonly audit?: Pick<AuditTrail, 'record'>
  readonly metrics: Pick<
    Metrics,
    'engineEvents' | 'httpEvents' | 'sessionEvents' | 'gateEvents' | 'keyEvents'
  >
  readonly privacy: Privacy
  readonly classOfNetwork: ClassOfNetwork
}

/** What the rooms tell, by room. Disposing tells what was only counted. */
export interface Observer extends Disposable {
  readonly engineEvents: EngineEvents
  readonly httpEvents: HttpEvents
  readonly sessionEvents: SessionEvents
  readonly gateEvents: GateEvents
  readonly keyEvents: KeyEvents
}

/**
 * Tells log, metrics and audit trail of everything the rooms raise; of the refusals of one network
 * log and audit trail learn within a bound.
 */
export function observer(parts: ObserverParts): Observer {
  const { log, audit, metrics, privacy, classOfNetwork } = parts
  const engine = [metrics.engineEvents, engineLog(log, privacy)]
  const http = [httpLog(log, privacy)]
  const untold = [untoldLog(log, privacy)]
  const sessions = [metrics.sessionEvents, sessionLog(log, privacy)]
  const gates = [gateLog(log, privacy)]
  const keys = [metrics.keyEvents, keyLog(log)]
  if (audit !== undefined) {
    engine.push(engineAudit(audit, privacy))
    http.push(httpAudit(audit, privacy))
    untold.push(untoldAudit(audit, privacy))
    sessions.push(sessionAudit(audit, privacy, classOfNetwork))
    gates.push(gateAudit(audit, privacy))
    keys.push(keyAudit(audit))
  }
  const told = (): RefusalBound =>
    refusalBound((network, refusals) => {
      for (const each of untold) each(network, refusals)
    })
  const [refusals, attempts] = [told(), told()]
  const lines = boundedRefusals(toHttpObservers(http), refusals)
  return {
    engineEvents: toEngineObservers(engine),
    httpEvents: toHttpObservers([metrics.httpEvents, lines]),
    sessionEvents: toSessionObservers(sessions),
    gateEvents: toGateObservers([
      metrics.gateEvents,
      boundedAttempts(toGateObservers(gates), attempts),
    ]),
    keyEvents: toKeyObservers(keys),
    [Symbol.dispose](): void {
      refusals[Symbol.dispose]()
      attempts[Symbol.dispose]()
    },
  }
}

/** Passes everything on but the refusals that are too many. */
function boundedRefusals(lines: HttpEvents, bound: RefusalBound): HttpEvents {
  return {
    ...lines,
    refused(exchange, refusal) {
      if (isNoted(exchange, refusal) && !bound.admits(exchange.client.network)) return
      lines.refused(exchange, refusal)
    },
  }
}

/** The same for what the gate refuses: whoever has a stolen slot can have it refused as often as they like. */
function boundedAttempts(lines: GateEvents, bound: RefusalBound): GateEvents {
  return {
    ...lines,
    decided(decision) {
      const isRefused = decision.verdict === 'challenged' || decision.verdict === 'refused'
      if (!isRefused || bound.admits(decision.client.network)) lines.decided(decision)
    },
    unproved(attempt) {
      if (bound.admits(attempt.client.network)) lines.unproved(attempt)
    },
    refreshRefused(session, attempt) {
      if (bound.admits(attempt.client.network)) lines.refreshRefused(session, attempt)
    },
    bindingRefused(session, attempt) {
      if (bound.admits(attempt.client.network)) lines.bindingRefused(session, attempt)
    },
  }
}

function toEngineObservers(all: readonly EngineEvents[]): EngineEvents {
  return {
    slotOpened(slot, client) {
      for (const each of all) each.slotOpened(slot, client)
    },
    recovered(slot, client) {
      for (const each of all) each.recovered(slot, client)
    },
    continued(slot, client) {
      for (const each of all) each.continued(slot, client)
    },
    resumed(slot, upload, client) {
      for (const each of all) each.resumed(slot, upload, client)
    },
    adopted(slot, upload, adoption) {
      for (const each of all) each.adopted(slot, upload, adoption)
    },
    takenElsewhere(slot, displacement) {
      for (const each of all) each.takenElsewhere(slot, displacement)
    },
    takenOver(slot, clients) {
      for (const each of all) each.takenOver(slot, clients)
    },
    interrupted(slot, upload, kept) {
      for (const each of all) each.interrupted(slot, upload, kept)
    },
    published(slot, upload, seconds) {
      for (const each of all) each.published(slot, upload, seconds)
    },
    repeated(slot, outcome) {
      for (const each of all) each.repeated(slot, outcome)
    },
    fileRemoved(slot, why) {
      for (const each of all) each.fileRemoved(slot, why)
    },
    abandoned(slot, upload, why) {
      for (const each of all) each.abandoned(slot, upload, why)
    },
  }
}

function toHttpObservers(all: readonly HttpEvents[]): HttpEvents {
  return {
    finished(exchange, outcome) {
      for (const each of all) each.finished(exchange, outcome)
    },
    refused(exchange, refusal) {
      for (const each of all) each.refused(exchange, refusal)
    },
    failed(exchange, error) {
      for (const each of all) each.failed(exchange, error)
    },
    certificateReloaded() {
      for (const each of all) each.certificateReloaded()
    },
    certificateRefused(error) {
      for (const each of all) each.certificateRefused(error)
    },
  }
}

function toSessionObservers(all: readonly SessionEvents[]): SessionEvents {
  return {
    opened(session) {
      for (const each of all) each.opened(session)
    },
    networkChanged(session, networks) {
      for (const each of all) each.networkChanged(session, networks)
    },
    expired(session) {
      for (const each of all) each.expired(session)
    },
    evicted(session) {
      for (const each of all) each.evicted(session)
    },
    noRoom(slot) {
      for (const each of all) each.noRoom(slot)
    },
  }
}

function toGateObservers(all: readonly GateEvents[]): GateEvents {
  return {
    decided(decision) {
      for (const each of all) each.decided(decision)
    },
    unproved(attempt) {
      for (const each of all) each.unproved(attempt)
    },
    bound(session, binding) {
      for (const each of all) each.bound(session, binding)
    },
    refreshed(session, refresh) {
      for (const each of all) each.refreshed(session, refresh)
    },
    refreshRefused(session, attempt) {
      for (const each of all) each.refreshRefused(session, attempt)
    },
    ended(session, client) {
      for (const each of all) each.ended(session, client)
    },
    bindingRefused(session, attempt) {
      for (const each of all) each.bindingRefused(session, attempt)
    },
    threatFound(threat) {
      for (const each of all) each.threatFound(threat)
    },
    threatLifted(lifted) {
      for (const each of all) each.threatLifted(lifted)
    },
  }
}

function toKeyObservers(all: readonly KeyEvents[]): KeyEvents {
  return {
    added(kid, activeFrom) {
      for (const each of all) each.added(kid, activeFrom)
    },
    removed(kid, why) {
      for (const each of all) each.removed(kid, why)
    },
    refused(error) {
      for (const each of all) each.refused(error)
    },
  }
}
