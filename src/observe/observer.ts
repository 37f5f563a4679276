import type { EngineEvents } from '../engine/events.ts'
import type { HttpEvents } from '../http/events.ts'
import type { AuditTrail } from './audit.ts'
import { engineAudit, httpAudit } from './event-audit.ts'
import { engineLog, httpLog } from './event-log.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Privacy } from './privacy.ts'

export interface ObserverParts {
  readonly log: Log
  /** Absent: no audit trail is kept. */
  readonly audit?: Pick<AuditTrail, 'record'>
  readonly metrics: Pick<Metrics, 'engineEvents' | 'httpEvents'>
  readonly privacy: Privacy
}

/** What the rooms tell, by room. */
export interface Observer {
  readonly engineEvents: EngineEvents
  readonly httpEvents: HttpEvents
}

/** Tells log, metrics and audit trail of everything the rooms raise. */
export function observer({ log, audit, metrics, privacy }: ObserverParts): Observer {
  const engine = [metrics.engineEvents, engineLog(log, privacy)]
  const http = [metrics.httpEvents, httpLog(log, privacy)]
  if (audit !== undefined) {
    engine.push(engineAudit(audit, privacy))
    http.push(httpAudit(audit, privacy))
  }
  return { engineEvents: toEngineObservers(engine), httpEvents: toHttpObservers(http) }
}

function toEngineObservers(all: readonly EngineEvents[]): EngineEvents {
  return {
    slotOpened(slot, client) {
      for (const each of all) each.slotOpened(slot, client)
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
