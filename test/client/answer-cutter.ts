import { type Socket, connect } from 'node:net'
import { tcpRelay } from '../../scripts/demo/tcp-relay.ts'

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
  const planned = [...cuts]
  let total = 0

  function join(client: Socket, server: Socket): void {
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
    client.once('close', () => server.destroy())
  }

  const relay = await tcpRelay(() => connect(upstream(), '127.0.0.1'), join)
  return {
    port: relay.port,
    passed: () => total,
    left: () => planned.length,
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
