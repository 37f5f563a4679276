import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { clientAddressPolicy } from './client-address.ts'
import type { HttpEvents } from './events.ts'
import type { Handler } from './exchange.ts'
import { type Listeners, type ListenersOptions, startListeners } from './listeners.ts'

/** How long a trial may take, in milliseconds. */
const PATIENCE = 5_000

const BODY = 'lane'

/** In the lane's strict form. */
const OWN = `PUT /own HTTP/1.1\r\nHost: trial\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`

/** With a field that the lane leaves to the ordinary way. */
const LEFT = 'GET /left HTTP/1.1\r\nHost: trial\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n'

const SILENT: HttpEvents = {
  finished: () => undefined,
  refused: () => undefined,
  failed: () => undefined,
  certificateReloaded: () => undefined,
  certificateRefused: () => undefined,
}

/**
 * Tries the lane on a connection of its own over the loopback interface: one request that it
 * serves, and one that it leaves. The lane stands on how Node.js keeps its sockets, which no release
 * promises; with one where it fails, requests are to take the ordinary way. `start` starts what is tried.
 * Never rejects.
 */
export async function fastLaneWorks(start = startListeners): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE)
  let served = 0
  try {
    await using listeners = await start({
      ...TRIAL,
      laneTook: (lane) => {
        if (lane === 'fast') served += 1
      },
    })
    const answers = await exchanged(portOf(listeners), signal)
    return served === 1 && /^HTTP\/1\.1 200 .*PUT:lane.*HTTP\/1\.1 200 .*GET:$/s.test(answers)
  } catch {
    return false
  }
}

const echo: Handler = async (exchange) => {
  let text = ''
  const ending = await exchange.body.pump((batch) => {
    for (const piece of batch) text += Buffer.from(piece).toString()
  })
  if (ending === 'end') exchange.reply({ status: 200, body: `${exchange.method}:${text}` })
}

const TRIAL: ListenersOptions = {
  listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
  handler: echo,
  events: SILENT,
  fastLane: 'auto',
  clientAddress: clientAddressPolicy({ source: 'peer', trustedProxies: [] }),
  publicUrl: new URL('http://trial/'),
  clock: () => 0,
}

function portOf({ addresses: [address] }: Listeners): number {
  return address?.kind === 'tcp' ? address.port : 0
}

/** Everything that comes back. */
async function exchanged(port: number, signal: AbortSignal): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, signal })
  try {
    await once(socket, 'connect', { signal })
    socket.write(OWN)
    const first = await received(socket, signal)
    socket.write(LEFT)
    return first + (await received(socket, signal))
  } finally {
    socket.destroy()
  }
}

async function received(socket: Socket, signal: AbortSignal): Promise<string> {
  const [bytes]: unknown[] = await once(socket, 'data', { signal })
  return String(bytes)
}
