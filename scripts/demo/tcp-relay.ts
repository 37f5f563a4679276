import { once } from 'node:events'
import { type ServerOpts, type Socket, createServer } from 'node:net'

/** A TCP relay at a port of 127.0.0.1. When it is disposed of, all its connections end. */
export interface TcpRelay extends AsyncDisposable {
  readonly port: number
}

/** Makes a connection to the server with `upstream` for each that comes, and leaves it to `join` what passes between both. */
export async function tcpRelay(
  upstream: () => Socket,
  join: (client: Socket, server: Socket) => void,
  options: ServerOpts = {},
): Promise<TcpRelay> {
  const sockets = new Set<Socket>()
  const listener = createServer(options, (client) => {
    const server = upstream()
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    join(client, server)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
