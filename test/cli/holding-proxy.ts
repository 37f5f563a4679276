import { type Socket, connect } from 'node:net'
import { tcpRelay } from '../../scripts/demo/tcp-relay.ts'

/** A TCP proxy that once stops passing on what clients send. */
export interface HoldingProxy extends AsyncDisposable {
  readonly port: number
  /** Resolves when the byte was passed on behind which the connection that brought it is held. */
  readonly held: Promise<void>
  /** Ends the connection that is held, as the server sees it. */
  readonly drop: () => void
  /** Bytes of clients that were passed on, heads of requests included. */
  readonly passed: () => number
}

/** Starts the proxy; it asks for the server's port with each connection. */
export async function holdingProxy(upstream: () => number, at: number): Promise<HoldingProxy> {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>()
  let total = 0
  let silenced: Socket | undefined

  function join(client: Socket, server: Socket): void {
    server.pipe(client)
    client.on('end', () => server.end()).on('close', () => server.destroy())
    server.on('drain', () => client.resume())
    client.on('data', (piece: Buffer) => {
      const passed = silenced ? piece : piece.subarray(0, at - total)
      total += passed.length
      if (!server.write(passed)) client.pause()
      if (silenced || total < at) return
      silenced = server
      // Whatever else this client sends stays where it is.
      client.removeAllListeners('data').pause()
      server.removeAllListeners('drain')
      hold()
    })
  }

  const relay = await tcpRelay(() => connect(upstream(), '127.0.0.1'), join, {
    allowHalfOpen: true,
  })
  return {
    port: relay.port,
    held,
    drop: () => void silenced?.destroy(),
    passed: () => total,
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
