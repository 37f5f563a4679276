import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** A TCP proxy that once stops passing on what clients send. */
export interface HoldingProxy extends AsyncDisposable {
  readonly port: number
  /** Resolves when the byte was passed on behind which the connection that brought it is held. */
  readonly held: Promise<void>
  /** Bytes of clients that were passed on, heads of requests included. */
  readonly passed: () => number
}

/** Starts the proxy; it asks for the server's port with each connection. */
export async function holdingProxy(upstream: () => number, at: number): Promise<HoldingProxy> {
  const sockets = new Set<Socket>()
  const { promise: held, resolve: hold } = Promise.withResolvers<void>()
  let total = 0
  let isHeld = false

  function relay(client: Socket, server: Socket): void {
    server.pipe(client)
    client.on('end', () => server.end()).on('close', () => server.destroy())
    server.on('drain', () => client.resume())
    client.on('data', (piece: Buffer) => {
      const passed = isHeld ? piece : piece.subarray(0, at - total)
      total += passed.length
      if (!server.write(passed)) client.pause()
      if (isHeld || total < at) return
      isHeld = true
      // Whatever else this client sends stays where it is.
      client.removeAllListeners('data').pause()
      server.removeAllListeners('drain')
      hold()
    })
  }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect(upstream(), '127.0.0.1')
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    relay(client, server)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    held,
    passed: () => total,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
