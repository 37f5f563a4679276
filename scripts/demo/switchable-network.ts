import { type Socket, connect } from 'node:net'
import { type Link, link, pacedWay } from './link.ts'
import { tcpRelay } from './tcp-relay.ts'

/** What becomes of the connections over the network that is left: both ends are told, or none. */
export type Leaving = 'cut' | 'silent'

/** Two networks by any prefix, and addresses that Linux has without being asked. */
const WIFI = { name: 'WiFi', address: '127.0.2.1' }
const MOBILE = { name: '5G', address: '127.0.3.1' }

/** One address for a browser, whatever network it is in; the server sees the network's. */
export interface SwitchableNetwork extends AsyncDisposable {
  /** Where a browser reaches the server, at 127.0.0.1. */
  readonly port: number
  readonly name: () => string
  /** New connections come from the other network; those that are there are left behind. */
  readonly switchOver: (leaving: Leaving) => void
  /** Each connection sends no faster than so many bytes per second. */
  readonly limit: (rate: number) => void
  /** Told of all bytes on their way to the server, heads of requests included. */
  readonly onPassed: (listener: (bytes: number) => void) => void
}

/** Opens both networks to a server at a port of 127.0.0.1, which is asked for with each connection. */
export async function openSwitchableNetwork(server: () => number): Promise<SwitchableNetwork> {
  const links = new Set<Link>()
  let network = WIFI
  let rate = Infinity
  let passed: ((bytes: number) => void) | undefined

  function join(browser: Socket, upstream: Socket): void {
    const way = pacedWay(
      () => rate,
      (bytes) => passed?.(bytes),
    )
    const joined = link(browser, upstream, way)
    links.add(joined)
    upstream.once('close', () => links.delete(joined))
  }

  const relay = await tcpRelay(
    () => connect({ host: '127.0.0.1', port: server(), localAddress: network.address }),
    join,
  )
  return {
    port: relay.port,
    name: () => network.name,
    switchOver(leaving) {
      network = network === WIFI ? MOBILE : WIFI
      for (const one of links) {
        if (leaving === 'cut') one.cut()
        else one.silence()
      }
      links.clear()
    },
    limit(next) {
      rate = next
    },
    onPassed(listen) {
      passed = listen
    },
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
