import { type Socket, connect } from 'node:net'
import { tcpRelay } from '../../scripts/demo/tcp-relay.ts'

/**
 * What happens to a connection: `reset` breaks both sides, `hole` breaks the client's and leaves the server's open
 * and silent, `lost-answer` passes everything on but breaks the client's side when the server answers, `silence` leaves
 * both open, and nothing passes any more.
 */
export type CutKind = 'reset' | 'hole' | 'lost-answer' | 'silence'

/** The connection that brings the byte number `at`, counted over all connections, is cut there. */
export interface Cut {
  readonly at: number
  readonly kind: CutKind
}

/** A TCP proxy that fails as told. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** Bytes that reached the server, heads of requests included. */
  readonly passed: () => number
  /** Cuts that are still to come. */
  readonly left: () => number
}

/** Starts the proxy; it asks for the server's port with each connection. */
export async function cuttingProxy(
  upstream: () => number,
  cuts: readonly Cut[],
): Promise<CuttingProxy> {
  const planned = [...cuts]
  let total = 0

  function join(client: Socket, server: Socket): void {
    let isAnswerLost = false
    let isSilent = false
    client.on('data', (piece: Buffer) => {
      if (isSilent) return
      const cut = planned[0]
      const room = cut === undefined ? Infinity : cut.at - total
      const passed = piece.subarray(0, room)
      total += passed.length
      server.write(passed)
      if (cut === undefined || piece.length < room) return
      planned.shift()
      if (cut.kind === 'lost-answer') {
        isAnswerLost = true
        total += piece.length - passed.length
        server.write(piece.subarray(room))
        return
      }
      if (cut.kind === 'silence') {
        isSilent = true
        return
      }
      client.resetAndDestroy()
      if (cut.kind === 'reset') server.end(() => server.resetAndDestroy())
    })
    server.on('data', (piece: Buffer) => {
      if (isSilent) return
      if (isAnswerLost) client.resetAndDestroy()
      else if (!client.destroyed) client.write(piece)
    })
    client.on('end', () => server.end())
    server.on('close', () => client.destroy())
  }

  const relay = await tcpRelay(() => connect(upstream(), '127.0.0.1'), join)
  return {
    port: relay.port,
    passed: () => total,
    left: () => planned.length,
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
