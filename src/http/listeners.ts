import { once } from 'node:events'
import type { Clock } from '../core/clock.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { Refusal } from '../core/refusals.ts'
import { bind } from './binding.ts'
import { type BodyWatch, bodyWatch } from './body-watch.ts'
import type { ClientAddressPolicy } from './client-address.ts'
import { closed } from './closed.ts'
import { type Dispatcher, dispatcher, refuse } from './dispatcher.ts'
import type { HttpEvents } from './events.ts'
import type { Handler } from './exchange.ts'
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { type Lingering, lingering } from './lingering.ts'
import { type LaneSetting, type NodeServer, nodeServer } from './node-server.ts'
import { publicPrefix } from './target.ts'
import {
  type Certificate,
  type CertificateFiles,
  readCertificate,
  watchCertificate,
} from './tls-certificate.ts'

/** The ways that a request can take: past the HTTP parser of Node.js, or through it. */
export type Lane = 'fast' | 'ordinary'

/** What listeners are started with. */
export interface ListenersOptions {
  readonly listen: readonly ListenAddress[]
  /** Terminates TLS on TCP and passed-on sockets; UNIX sockets stay plain, a proxy is behind them. */
  readonly tls?: CertificateFiles | undefined
  readonly handler: Handler
  /** Answers `OPTIONS *`, and OPTIONS outside the prefix, with what the whole server can; its target is empty. */
  readonly aboutServer?: Handler | undefined
  readonly events: HttpEvents
  readonly limits?: Partial<HttpLimits> | undefined
  readonly clientAddress: ClientAddressPolicy
  /** `auto`: plain connections are served in the short way where that is possible. */
  readonly fastLane?: 'auto' | 'off' | undefined
  /** Told of each request, by the way it takes. */
  readonly laneTook?: ((lane: Lane) => void) | undefined
  /** Its path is the prefix that is removed from every target. */
  readonly publicUrl: URL
  readonly clock: Clock
}

/** How to go down. */
export interface ShutdownOptions {
  /** Milliseconds that running requests get to finish. */
  readonly graceMs: number
  /** Another process takes the requests already: those still running are sent there by a 503. */
  readonly successor: boolean
}

/** Running listeners; disposing them ends every connection at once. */
export interface Listeners extends AsyncDisposable {
  /** As configured, with the ports that were really taken. */
  readonly addresses: readonly ListenAddress[]
  /**
   * Stops accepting, refuses new requests with `shutting-down`, gives running ones their grace,
   * and resolves when every connection is closed.
   */
  shutdown(options: ShutdownOptions): Promise<void>
}

/** How long a last answer may take to leave, in milliseconds. */
const FLUSH_TIME = 2_000

/** Everything that is disposed together. */
interface Parts {
  readonly servers: NodeServer[]
  readonly dispatcher: Dispatcher
  readonly lingering: Lingering
  readonly watch: BodyWatch
  readonly limits: HttpLimits
  readonly events: HttpEvents
  readonly lane: LaneSetting | undefined
}

/**
 * Starts listening on every address. Rejects with `ListenError`, or with what is wrong with the
 * certificate; nothing listens then.
 */
export async function startListeners(options: ListenersOptions): Promise<Listeners> {
  const certificate = options.tls && (await readCertificate(options.tls))
  const parts = makeParts(options)
  await using undo = new AsyncDisposableStack()
  undo.defer(() => dispose(parts))
  const addresses: ListenAddress[] = []
  for (const address of options.listen) {
    addresses.push(await open(address, parts, certificate))
  }
  if (options.tls !== undefined && certificate !== undefined) {
    undo.use(watchTls(options.tls, certificate, { parts, events: options.events }))
  }
  const resources = undo.move()
  return {
    addresses,
    shutdown: async (how) => {
      await shutdown(parts, how)
      await resources.disposeAsync()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

function makeParts(options: ListenersOptions): Parts {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits }
  const watch = bodyWatch(limits)
  const lingers = lingering(limits)
  const needs = {
    clock: options.clock,
    clientAddress: options.clientAddress,
    prefix: publicPrefix(options.publicUrl),
    watch,
    lingering: lingers,
  }
  const { handler, aboutServer, events, laneTook = ignore } = options
  const taken = (): void => laneTook('ordinary')
  const dispatching = dispatcher({ handler, aboutServer, events, taken, ...needs })
  const lane: LaneSetting | undefined =
    options.fastLane === 'off'
      ? undefined
      : { ...needs, closing: () => dispatching.isClosing, taken: () => laneTook('fast') }
  return { servers: [], limits, events, watch, lingering: lingers, dispatcher: dispatching, lane }
}

async function open(
  address: ListenAddress,
  parts: Parts,
  certificate: Certificate | undefined,
): Promise<ListenAddress> {
  const secured = address.kind === 'unix' ? undefined : certificate
  const made = nodeServer({ ...parts, certificate: secured })
  const bound = await bind(made.server, address)
  parts.servers.push(made)
  return bound
}

function watchTls(
  files: CertificateFiles,
  current: Certificate,
  { parts, events }: { parts: Parts; events: HttpEvents },
): Disposable {
  return watchCertificate(files, {
    current,
    events,
    use: (certificate) => {
      for (const { server } of parts.servers) {
        if ('setSecureContext' in server) server.setSecureContext(certificate)
      }
    },
  })
}

async function shutdown(parts: Parts, { graceMs, successor }: ShutdownOptions): Promise<void> {
  parts.dispatcher.close()
  const allClosed = Promise.all(parts.servers.map(closeServer))
  await parts.dispatcher.idle(AbortSignal.timeout(graceMs))
  for (const exchange of parts.dispatcher.running()) {
    if (successor && exchange.phase === 'none') {
      refuse(exchange, new Refusal('shutting-down'), parts.events)
    } else exchange.cut()
  }
  await parts.dispatcher.idle(AbortSignal.timeout(FLUSH_TIME))
  await Promise.race([parts.lingering.drained(), passed(FLUSH_TIME)])
  await Promise.race([allClosed, passed(FLUSH_TIME)])
}

function ignore(): void {}

async function passed(milliseconds: number): Promise<void> {
  await once(AbortSignal.timeout(milliseconds), 'abort')
}

async function closeServer(closing: NodeServer): Promise<void> {
  const isClosed = closed(closing.server)
  closing.close()
  await isClosed
}

async function dispose(parts: Parts): Promise<void> {
  const allClosed = Promise.all(
    parts.servers.filter(({ server }) => server.listening).map(closeServer),
  )
  for (const server of parts.servers) server.destroy()
  parts.lingering[Symbol.dispose]()
  parts.watch[Symbol.dispose]()
  await allClosed
}
