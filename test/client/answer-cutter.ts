import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** `reset` breaks the connection; after `silence` it stands, and nothing comes any more. */
export interface AnswerCut {
  /** The byte of all that comes from the server, counted over all connections. */
  readonly at: number
  readonly kind: 'reset' | 'silence'
}

/** A TCP proxy on the way of answers that fails as told. */
export interface AnswerCutter extends AsyncDisposable {
  readonly port: number
  /** Bytes that came from the server, heads of answers included. */
  readonly passed: () => number
  /** Cuts that are still to come. */
  readonly left: () => number
}

/** Starts the proxy; it asks for the server's port with each connection. */
export async function answerCutter(
  upstream: () => number,
  cuts: readonly AnswerCut[],
): Promise<AnswerCutter> {
  const sockets = new Set<Socket>()
  const planned = [...cuts]
  let total = 0

  function relay(client: Socket, server: Socket): void {
    client.pipe(server)
    client.on('drain', () => server.resume())
    server.on('end', () => client.end())
    server.on('data', (piece: Buffer) => {
      const [cut] = planned
      const passed = piece.subarray(0, cut === undefined ? piece.length : cut.at - total)
      total += passed.length
      if (!client.write(passed)) server.pause()
      if (total !== cut?.at) return
      planned.shift()
      server.removeAllListeners('data').resume()
      if (cut.kind === 'reset') client.resetAndDestroy()
    })
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one)
      one
        .on('error', () => {})
        .once('close', () => {
          sockets.delete(one)
          if (one === client) other.destroy()
        })
    }
  }

  const listener = createServer((client) => relay(client, connect(upstream(), '127.0.0.1')))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    passed: () => total,
    left: () => planned.length,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
