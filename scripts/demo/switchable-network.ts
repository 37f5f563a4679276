import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { type Link, link, pacedWay } from './link.ts'

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
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  let network = WIFI
  let rate = Infinity
  let passed: ((bytes: number) => void) | undefined

  function join(browser: Socket): void {
    const upstream = connect({
      host: '127.0.0.1',
      port: server(),
      localAddress: network.address,
    })
    const way = pacedWay(
      () => rate,
      (bytes) => passed?.(bytes),
    )
    const joined = link(browser, upstream, way)
    links.add(joined)
    for (const socket of [browser, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    upstream.once('close', () => links.delete(joined))
  }

  const listener = createServer(join).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const at = listener.address()
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
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
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
