import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { DemoServer } from './demo-server.ts'
import { type Network, openNetwork } from './network.ts'
import type { Show } from './show.ts'

/** How long the phone sleeps, in milliseconds. */
const STANDBY = 1_500

/** A phone on its way: what happens to it depends on how far its upload is. */
export interface Journey extends AsyncDisposable {
  /** A connection over the network it is in. */
  readonly connect: () => Socket
  /** What the operating system of a phone tells its programs: there is another network now. */
  readonly whenNetworkChanges: (listener: () => void, signal: AbortSignal) => void
  /** Tells how much of the file has been sent; what is due then happens, each thing once. */
  readonly reached: (share: number) => void
  /** Resolves when the last thing is over. Rejects if it went wrong, or others are still to come. */
  readonly over: () => Promise<void>
}

interface Stop {
  readonly share: number
  readonly happens: () => Promise<void>
}

/** WiFi to 5G, a standby, a restart of the server, and back to WiFi. */
export async function startJourney(server: DemoServer, show: Show): Promise<Journey> {
  await using stack = new AsyncDisposableStack()
  // Two networks by any prefix, and addresses that Linux has without being asked.
  const wifi = stack.use(await openNetwork('127.0.2.1', () => server.port))
  const mobile = stack.use(await openNetwork('127.0.3.1', () => server.port))
  const connections = new Set<Socket>()
  let network = wifi
  const told = new EventTarget()

  function connect(): Socket {
    const connection = network.connect()
    connections.add(connection.once('close', () => connections.delete(connection)))
    return connection
  }

  function leave(): void {
    network.silence()
    // Without a radio a phone sends nothing; here it would go on until all buffers are full.
    for (const connection of connections) connection.cork()
  }

  function moveTo(next: Network, words: string): void {
    leave()
    next.restore()
    network = next
    show.event(`${words}: another address; the old connection stays open and silent`)
    networkChanged()
  }

  function networkChanged(): void {
    told.dispatchEvent(new Event('change'))
  }

  async function sleep(): Promise<void> {
    leave()
    show.event('Standby: the radio is off, and neither end is told')
    await delay(STANDBY)
    network.restore()
    show.event('Awake again')
    networkChanged()
  }

  async function restart(): Promise<void> {
    show.event('The server is restarted')
    await server.restart()
    show.event('The server is back')
  }

  const ahead: Stop[] = [
    { share: 0.25, happens: async () => moveTo(mobile, 'WiFi → 5G') },
    { share: 0.5, happens: sleep },
    { share: 0.7, happens: restart },
    { share: 0.85, happens: async () => moveTo(wifi, '5G → WiFi') },
  ]
  let happening: Promise<void> = Promise.resolve()
  let isBusy = false
  const kept = stack.move()
  return {
    connect,
    whenNetworkChanges(listener, signal) {
      told.addEventListener('change', () => listener(), { signal })
    },
    reached(share) {
      const [next] = ahead
      if (isBusy || !next || share < next.share) return
      ahead.shift()
      isBusy = true
      happening = next.happens().finally(() => (isBusy = false))
      // Whoever waits for the end is told.
      happening.catch(() => {})
    },
    async over() {
      await happening
      if (ahead.length > 0) throw new Error('The upload ended before the journey')
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}
