import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** When the first address loses its connection. */
export type Failure = 'mid-body' | 'before-the-answer'

export interface TwoAddresses extends AsyncDisposable {
  readonly port: number
  readonly addresses: readonly string[]
  /** Connections taken so far, by address. */
  readonly connections: () => readonly number[]
}

const FIRST = '127.0.0.2'
const SECOND = '127.0.0.3'
const MID_BODY = 1_000_000

/**
 * Two addresses of one service, as a phone with WiFi and 5G sees it: connections to the first fail as told,
 * those to the second reach `upstream` (a port of 127.0.0.1). A body lost on the way stays half-open upstream.
 */
export async function twoAddresses(needs: {
  port: number
  upstream: number
  failure: Failure
}): Promise<TwoAddresses> {
  const { port, upstream, failure } = needs
  const sockets = new Set<Socket>()
  const counts = [0, 0]
  const serve = async (
    address: string,
    relay: (client: Socket, server: Socket) => void,
  ): Promise<Server> => {
    const listener = createServer((client) => {
      const server = connect(upstream, '127.0.0.1')
      const index = address === FIRST ? 0 : 1
      counts[index] = (counts[index] ?? 0) + 1
      for (const socket of [client, server]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
      }
      relay(client, server)
    })
    listener.listen(port, address)
    await once(listener, 'listening')
    return listener
  }
  const first = await serve(FIRST, failure === 'mid-body' ? dropMidBody : dropBeforeAnswer)
  const second = await serve(SECOND, (client, server) => {
    client.pipe(server).pipe(client)
  })
  return {
    port,
    addresses: [FIRST, SECOND],
    connections: () => [...counts],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      for (const listener of [first, second]) listener.close()
    },
  }
}

/** The client's side breaks; upstream is not told, as when an address is lost without FIN. */
function dropMidBody(client: Socket, server: Socket): void {
  let seen = 0
  client.on('data', (piece: Buffer) => {
    seen += piece.length
    server.write(piece)
    if (seen > MID_BODY) client.resetAndDestroy()
  })
}

/** Everything arrives upstream, and the answer is lost on the way back. */
function dropBeforeAnswer(client: Socket, server: Socket): void {
  client.pipe(server)
  server.once('data', () => client.resetAndDestroy())
}
