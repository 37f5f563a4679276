import type { Config } from '../config/options.ts'
import { OperatorError } from '../core/operator-error.ts'
import { systemClock, systemStopwatch } from '../core/clock.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { type AdminListener, startAdminListener } from '../admin/admin-listener.ts'
import type { UploadEngine } from '../engine/engine.ts'
import type { EnginePolicy } from '../engine/policy.ts'
import { gate } from '../gate/gate.ts'
import { grantVerifier } from '../grants/verifier.ts'
import { clientAddressPolicy } from '../http/client-address.ts'
import type { Handler } from '../http/exchange.ts'
import { type Listeners, startListeners } from '../http/listeners.ts'
import { type AuditTrail, openAudit } from '../observe/audit.ts'
import { readBuildInfo } from '../observe/build-info.ts'
import { type LogDestination, type Log, createLog } from '../observe/log.ts'
import { type Metrics, createMetrics } from '../observe/metrics.ts'
import { type Observer, observer } from '../observe/observer.ts'
import { downloadHandler } from '../protocols/download/download-handler.ts'
import { type WaitingReaders, waitingReaders } from '../protocols/download/waiting-readers.ts'
import { healthHandler } from '../protocols/health/handler.ts'
import { type Readiness, createReadiness } from '../protocols/health/readiness.ts'
import { deleteHandler } from '../protocols/plain/delete.ts'
import { putHandler } from '../protocols/plain/put.ts'
import type { SessionPolicy } from '../sessions/needs.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { reloader } from './reloader.ts'
import { engineOver } from './engine.ts'
import { resumableFaces } from './faces.ts'
import { networkNames } from './network-names.ts'
import { router } from './router.ts'
import { startSessionUpkeep } from './session-upkeep.ts'
import { sessionPolicyOf, sessionsFollowing, sessionsOver } from './sessions.ts'
import { accelerationOf, enginePolicyOf, grantSecretsOf } from './settings.ts'
import { openStoresAlone } from './stores.ts'
import { startUpkeep } from './upkeep.ts'

/** A server that accepts requests. Disposing ends it at once. */
export interface RunningServer extends AsyncDisposable {
  /** Where it listens, with the ports that were really taken. */
  readonly addresses: readonly ListenAddress[]
  /** Where operators reach it; empty if they don't. */
  readonly adminAddresses: readonly ListenAddress[]
  /** Ends it after running requests had `server.shutdown_grace` to finish. */
  shutdown(): Promise<void>
  /**
   * Takes over what can be changed of a new configuration and opens the audit file anew; the log
   * names what needs a restart.
   */
  reload(config: Config): Promise<void>
}

/** Starts everything the configuration asks for; rejects with what is wrong, nothing runs then. */
export async function startServer(
  config: Config,
  { destination }: { destination: LogDestination },
): Promise<RunningServer> {
  await using started = new AsyncDisposableStack()
  const log = createLog({ ...config.log, destination, clock: systemClock })
  const stores = started.use(await openStoresAlone(config, (text) => log.warn(text)))
  const readers = waitingReaders()
  const build = readBuildInfo()
  const freeBytes = async (): Promise<number> => await stores.blobs.free()
  const metrics = createMetrics({ build, waitingReaders: () => readers.count(), freeBytes })
  const audit = await openAuditOf(config, { log, metrics })
  if (audit !== undefined) started.use(audit)
  const observing = started.use(
    observer({ log, metrics, privacy: config.privacy, ...(audit && { audit }) }),
  )
  const { version } = build
  const readiness = createReadiness({ ...stores, version, stopwatch: systemStopwatch })
  let policies = policiesOf(config)
  const names = { networkName: networkNames(config) }
  const rules = { ...names, policy: () => policies.sessions }
  const sessions = sessionsOver(stores, observing.sessionEvents, rules)
  const { cleanupInterval } = config.sessionStore
  // Ends after the engine, whose last requests are their last news.
  started.use(startSessionUpkeep({ sessions, cleanupInterval, log }))
  const events = sessionsFollowing(sessions, observing.engineEvents)
  const engine = started.use(
    engineOver(stores, events, { ...names, policy: () => policies.engine }),
  )
  await engine.recover()
  started.use(startUpkeep({ engine, log }))
  const parts = { engine, readiness, readers, sessions }
  let handler = handlerOf(config, parts)
  const current: Handler = async (exchange) => await handler(exchange)
  const listeners = started.use(await listenersOf(config, { handler: current, observing }))
  const admins = await adminsOf(config, { metrics, readiness, log }, started)
  const running = started.move()
  return {
    addresses: listeners.addresses,
    adminAddresses: admins.map(({ address }) => address),
    async shutdown(): Promise<void> {
      const graceMs = config.server.shutdownGrace
      const successor = config.server.listen.every(({ kind }) => kind === 'fd')
      await listeners.shutdown({ graceMs, successor })
      await running.disposeAsync()
    },
    reload: reloader({ config, apply, audit, log }),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }

  function apply(next: Config): void {
    handler = handlerOf(next, parts)
    policies = policiesOf(next)
    log.level = next.log.level
  }
}

/** What the operator decided, as the rooms take it. */
function policiesOf(config: Config): { engine: EnginePolicy; sessions: SessionPolicy } {
  return { engine: enginePolicyOf(config), sessions: sessionPolicyOf(config) }
}

async function openAuditOf(
  { audit: { file } }: Config,
  { log, metrics }: { log: Log; metrics: Metrics },
): Promise<AuditTrail | undefined> {
  if (file === '') return undefined
  const onLost = (lines: number): void => metrics.auditLinesLost(lines)
  try {
    return await openAudit({ file, clock: systemClock, log, onLost })
  } catch (cause) {
    throw new OperatorError(`The audit file ${file} (audit.file) cannot be used`, cause)
  }
}

function handlerOf(
  config: Config,
  parts: {
    engine: UploadEngine
    readiness: Readiness
    readers: WaitingReaders
    sessions: Sessions
  },
): Handler {
  const { engine, readiness, readers, sessions } = parts
  const { publicUrl } = config.server
  const accel = accelerationOf(config)
  const grants = grantVerifier(grantSecretsOf(config), systemClock)
  const entrance = gate({ grants, sessions })
  const put = putHandler({ gate: entrance, engine, publicUrl })
  return router({
    put,
    ...resumableFaces(config, { gate: entrance, engine, clock: systemClock, plain: put }),
    remove: deleteHandler({ gate: entrance, engine }),
    download: downloadHandler({
      engine,
      readers,
      clock: systemClock,
      waitForUpload: config.downloads.waitForUpload,
      ...(accel === undefined ? {} : { accel }),
    }),
    health: healthHandler(readiness),
  })
}

async function listenersOf(
  { server, http }: Config,
  { handler, observing }: { handler: Handler; observing: Observer },
): Promise<Listeners> {
  const { tlsCert: certFile, tlsKey: keyFile } = server
  return await startListeners({
    listen: server.listen,
    tls: certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    handler,
    events: observing.httpEvents,
    limits: { bodyIdle: http.bodyIdle },
    fastLane: http.fastLane,
    clientAddress: clientAddressPolicy({
      source: server.clientAddress,
      trustedProxies: server.trustedProxies,
    }),
    publicUrl: server.publicUrl,
    clock: systemClock,
  })
}

/** Starts the listeners for operators; `started` is to end them. */
async function adminsOf(
  { admin: { listen: addresses, hosts, token } }: Config,
  parts: { metrics: Metrics; readiness: Readiness; log: Log },
  started: AsyncDisposableStack,
): Promise<readonly AdminListener[]> {
  const access = { hosts, ...(token === undefined ? {} : { token }) }
  const admins: AdminListener[] = []
  for (const listen of addresses) {
    admins.push(started.use(await startAdminListener({ ...parts, ...access, listen })))
  }
  return admins
}
