import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { clientAddressPolicy } from '../http/client-address.ts'
import type { Handler } from '../http/exchange.ts'
import { fastLaneWorks } from '../http/lane-trial.ts'
import { type Listeners, startListeners } from '../http/listeners.ts'
import { downloadHandler } from '../protocols/download/download-handler.ts'
import { healthHandler } from '../protocols/health/handler.ts'
import { deleteHandler } from '../protocols/plain/delete.ts'
import { putHandler } from '../protocols/plain/put.ts'
import { sessionHandler } from '../protocols/session/session-handler.ts'
import { resumableFaces } from './faces.ts'
import { router } from './router.ts'
import type { Core } from './server-core.ts'
import { accelerationOf } from './settings.ts'

/** What clients reach of a server. Disposing ends every connection at once. */
export interface Front extends AsyncDisposable {
  /** Where it listens, with the ports that were really taken. */
  readonly addresses: readonly ListenAddress[]
  /** Answers as a new configuration says. */
  follow(config: Config): void
  /** Ends it after running requests had `server.shutdown_grace` to finish. */
  shutdown(): Promise<void>
}

/** Starts the listeners for clients; rejects with what is wrong, nothing listens then. */
export async function startFront(config: Config, core: Core): Promise<Front> {
  let handler = handlerOf(config, core)
  const current: Handler = (exchange) => handler(exchange)
  const listeners = await listenersOf(config, { ...core, handler: current })
  return {
    addresses: listeners.addresses,
    follow(next): void {
      handler = handlerOf(next, core)
    },
    async shutdown(): Promise<void> {
      const { listen, shutdownGrace: graceMs } = config.server
      const successor = listen.every(({ kind }) => kind === 'fd')
      const down = listeners.shutdown({ graceMs, successor })
      core.engine.pause()
      await down
    },
    [Symbol.asyncDispose]: async () => await listeners[Symbol.asyncDispose](),
  }
}

function handlerOf(
  config: Config,
  { engine, stores, readiness, readers, entrance }: Core,
): Handler {
  const { publicUrl } = config.server
  const accel = accelerationOf(config)
  const gate = entrance.gateOf(config)
  const put = putHandler({ gate, engine, publicUrl })
  return router({
    put,
    ...resumableFaces(config, { gate, engine, clock: systemClock, plain: put }),
    remove: deleteHandler({ gate, engine }),
    download: downloadHandler({
      engine,
      readers,
      clock: systemClock,
      waitForUpload: config.downloads.waitForUpload,
      ...(accel === undefined ? {} : { accel }),
    }),
    health: healthHandler(readiness),
    session: sessionHandler({
      gate,
      engine,
      slots: stores.slots,
      sign: entrance.sign,
    }),
  })
}

/** What the listeners are started with beside the configuration. */
interface Served extends Pick<Core, 'observing' | 'metrics'> {
  readonly handler: Handler
}

async function listenersOf(
  { server, http }: Config,
  { handler, observing, metrics }: Served,
): Promise<Listeners> {
  const { tlsCert: certFile, tlsKey: keyFile } = server
  return await startListeners({
    listen: server.listen,
    tls: certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    handler,
    aboutServer: handler,
    events: observing.httpEvents,
    limits: { bodyIdle: http.bodyIdle },
    fastLane: http.fastLane,
    laneTook: metrics.laneTook,
    clientAddress: clientAddressPolicy({
      source: server.clientAddress,
      trustedProxies: server.trustedProxies,
    }),
    publicUrl: server.publicUrl,
    clock: systemClock,
  })
}

/**
 * The configuration without a fast lane where it does not work: a release of Node.js of which that is
 * true costs speed, and a line in the log. Tried once for all processes of a server.
 */
export async function withWorkingLane(config: Config, log: Core['log']): Promise<Config> {
  if (config.http.fastLane === 'off' || (await fastLaneWorks())) return config
  log.warn('http.fast_lane does not work with this Node.js: all requests take the ordinary way')
  return { ...config, http: { ...config.http, fastLane: 'off' } }
}
