import type { Socket } from 'node:net'
import { closed } from './closed.ts'
import type { HttpLimits } from './limits.ts'

/**
 * Connections whose request was answered before its body was read. Closing such a socket at once
 * makes the kernel send a reset that can overtake the answer (RFC 9112 §9.6), so only our side is
 * ended, and what still arrives is discarded for a while.
 */
export interface Lingering extends Disposable {
  /** Keeps the socket open, once its answer is written, until the client closes or a bound is hit. */
  add(socket: Socket): void
  has(socket: Socket): boolean
  /** Resolves when none is left, which the bounds make sure of. */
  drained(): Promise<void>
}

const INTERVAL = 1_000

interface Watched {
  bytesRead: number
  silentTicks: number
  ticks: number
}

/** Keeps at most `limits.lingerConnections` sockets; the oldest gives way. */
export function lingering(limits: HttpLimits): Lingering {
  const sockets = new Map<Socket, Watched>()
  const timer = setInterval(() => {
    for (const [socket, watched] of sockets) {
      if (isOver(watched, socket.bytesRead, limits)) socket.destroy()
    }
  }, INTERVAL).unref()
  return {
    add: (socket) => {
      if (sockets.has(socket)) return
      const [oldest] = sockets.keys()
      if (oldest !== undefined && sockets.size >= limits.lingerConnections) {
        sockets.delete(oldest)
        oldest.destroy()
      }
      sockets.set(socket, { bytesRead: socket.bytesRead, silentTicks: 0, ticks: 0 })
      socket.once('close', () => sockets.delete(socket)).on('error', ignore)
      // node:http calls this after a last answer; its own version closes both directions.
      socket.destroySoon = () => void socket.end()
    },
    has: (socket) => sockets.has(socket),
    drained: async () => {
      await Promise.all([...sockets.keys()].map(closed))
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      for (const socket of sockets.keys()) socket.destroy()
    },
  }
}

function isOver(watched: Watched, bytesRead: number, limits: HttpLimits): boolean {
  watched.silentTicks = watched.bytesRead === bytesRead ? watched.silentTicks + 1 : 0
  watched.bytesRead = bytesRead
  watched.ticks += 1
  return (
    watched.silentTicks * INTERVAL >= limits.lingerSilence ||
    watched.ticks * INTERVAL >= limits.lingerTotal
  )
}

/** A reset of a connection that is being given up says nothing more than its close. */
function ignore(): void {}
