import type { Config } from '../config/options.ts'
import { systemClock, systemStopwatch } from '../core/clock.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { UploadEngine } from '../engine/engine.ts'
import { type KeyRing, openKeyRing } from '../keys/key-ring.ts'
import type { SealKey } from '../observe/audit-seal.ts'
import { type AuditTrail, openAudit } from '../observe/audit.ts'
import { readBuildInfo } from '../observe/build-info.ts'
import { keyLog } from '../observe/key-events.ts'
import { type Log, type LogDestination, createLog } from '../observe/log.ts'
import { type Metrics, createMetrics } from '../observe/metrics.ts'
import { type Observer, observer } from '../observe/observer.ts'
import { riskLog } from '../observe/risk-log.ts'
import { type WaitingReaders, waitingReaders } from '../protocols/download/waiting-readers.ts'
import { type Readiness, createReadiness } from '../protocols/health/readiness.ts'
import { openPlaces } from '../risk/places.ts'
import { anomaliesOf } from './anomalies.ts'
import { startEndingBanned } from './banned-uploads.ts'
import { engineOver } from './engine.ts'
import { type Entrance, entranceOver } from './entrance.ts'
import { networkNames } from './network-names.ts'
import { openSealKeys } from './seal-keys.ts'
import { startSessionUpkeep } from './session-upkeep.ts'
import { startKeeping } from './upkeep.ts'
import { type AllSessions, sessionPolicyOf, sessionsFollowing, sessionsOver } from './sessions.ts'
import { enginePolicyOf } from './settings.ts'
import { type Stores, isShared } from './stores.ts'
import { watchThreats } from './threats.ts'

/** What tells the processes of a server apart. */
export interface CoreNeeds {
  readonly destination: LogDestination
  /** Opens the stores; `warn` is told what the operator should know about them. */
  readonly open: (config: Config, warn: (text: string) => void) => Promise<Stores>
  /** Stands in the log lines where several processes write them. */
  readonly worker?: number
}

/** What every process of a server has: state, engine, sessions, and what it tells of them. */
export interface Core {
  readonly log: Log
  readonly stores: Stores
  readonly metrics: Metrics
  readonly audit: AuditTrail | undefined
  readonly observing: Observer
  readonly readiness: Readiness
  readonly readers: WaitingReaders
  readonly sessions: AllSessions
  readonly ring: KeyRing
  readonly entrance: Entrance
  readonly engine: UploadEngine
  /** Puts the policies of a new configuration into effect. */
  follow(config: Config): void
}

/** Opens all that; `started` is to end it. */
export async function startCore(
  config: Config,
  { destination, open, worker }: CoreNeeds,
  started: AsyncDisposableStack,
): Promise<Core> {
  const log = createLog({ ...config.log, destination, clock: systemClock, worker })
  const stores = started.use(await open(config, (text) => log.warn(text)))
  const readers = waitingReaders()
  const build = readBuildInfo()
  const places = started.use(await openPlaces(config.geo, riskLog(log)))
  const classOfNetwork = (network: string): string | undefined => places.find(network)?.networkClass
  const metrics = createMetrics({
    build,
    waitingReaders: () => readers.count(),
    sessions: () => sessions.count(),
    freeBytes: async () => await stores.blobs.free(),
    classOfNetwork,
  })
  const seals = await openSealKeys(config.security.masterKey)
  const audit = started.use(await openAuditOf(config, { log, metrics, sealKey: seals.current }))
  const told = { log, metrics, privacy: config.privacy, classOfNetwork, ...(audit && { audit }) }
  const observing = started.use(observer(told))
  const needs = { ...stores, version: build.version, stopwatch: systemStopwatch }
  const readiness = createReadiness(needs)
  let [enginePolicy, sessionPolicy] = [enginePolicyOf(config), sessionPolicyOf(config)]
  const names = { networkName: networkNames(config) }
  const rules = { ...names, policy: () => sessionPolicy, isShared: isShared(config) }
  const sessions = sessionsOver(stores, observing.sessionEvents, rules)
  // Ends after the engine, whose last requests are their last news.
  started.use(startSessionUpkeep({ sessions, ...config.sessionStore, log }))
  const watched = { stores, places, ...names, observing, metrics, worker, log }
  const threats = started.use(await watchThreats(config, watched))
  const risk = { places, anomalies: anomaliesOf(config), threats }
  const events = sessionsFollowing(sessions, risk.anomalies.following(observing.engineEvents))
  const engine = started.use(engineOver(stores, events, { ...names, policy: () => enginePolicy }))
  started.use(startKeeping(engine))
  const ring = started.use(await openRingOf(config, { log, observing, worker }))
  seals.follow(ring)
  const { gateEvents } = observing
  const parts = { stores, master: ring, sessions, engine, events: gateEvents, ...risk, ...names }
  const entrance = entranceOver(config, parts)
  started.use(startEndingBanned({ engine, bans: entrance.bans, log }))
  return {
    log,
    stores,
    metrics,
    audit,
    observing,
    readiness,
    readers,
    sessions,
    ring,
    entrance,
    engine,
    follow(next): void {
      ;[enginePolicy, sessionPolicy] = [enginePolicyOf(next), sessionPolicyOf(next)]
      entrance.follow(next)
      log.level = next.log.level
    },
  }
}

async function openRingOf(
  { security }: Config,
  { log, observing, worker }: { log: Log; observing: Observer; worker: number | undefined },
): Promise<KeyRing> {
  // What is the same for all processes is recorded by one of them.
  const events = worker === undefined ? observing.keyEvents : keyLog(log)
  return await openKeyRing({ file: security.masterKey, clock: systemClock, events })
}

async function openAuditOf(
  { audit: { file } }: Config,
  { log, metrics, sealKey }: { log: Log; metrics: Metrics; sealKey: () => SealKey },
): Promise<AuditTrail | undefined> {
  if (file === '') return undefined
  const onLost = (lines: number): void => metrics.auditLinesLost(lines)
  try {
    return await openAudit({ file, clock: systemClock, log, sealKey, onLost })
  } catch (cause) {
    throw new OperatorError(`The audit file ${file} (audit.file) cannot be used`, cause)
  }
}
