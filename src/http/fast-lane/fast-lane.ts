import type { Socket } from 'node:net'
import type { Peer } from '../client-address.ts'
import type { HttpLimits } from '../limits.ts'
import { LaneConnection, type LaneNeeds } from './lane-connection.ts'
import { newcomers } from './newcomers.ts'

/** The lane of one listener. */
export interface FastLane {
  /** Serves a connection that was accepted just now. */
  accept(socket: Socket, peer: Peer): void
  /** Closes what is idle, and what has not been read from yet; the rest closes with its last answer. */
  close(): void
  /** Ends every connection. */
  destroy(): void
}

/** Between two looks at idle connections, in milliseconds. */
const LOOK_INTERVAL = 5_000

/**
 * A short way for requests in the strict form: received into buffers that are used again, read by
 * a reader that knows nothing but that form, answered on the bare socket. A connection on which anything else
 * is sent is left, bytes and socket, to the ordinary way.
 */
export function fastLane(
  needs: Omit<LaneNeeds, 'keepAliveField' | 'newcomers'>,
  limits: HttpLimits,
): FastLane {
  const connections = new Set<LaneConnection>()
  const seconds = Math.floor(limits.keepAlive / 1000)
  const laneNeeds: LaneNeeds = {
    ...needs,
    newcomers: newcomers(),
    keepAliveField: `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`,
  }
  const { keepAlive, headersTimeout, silence } = limits
  const interval = Math.min(LOOK_INTERVAL, keepAlive, headersTimeout, silence)
  const timer = setInterval(() => {
    for (const connection of connections) look(connection)
  }, interval).unref()

  /** A client that has not sent anything yet gets less time than one that was served. */
  function look(connection: LaneConnection): void {
    connection.look()
    const patience = connection.isUsed ? keepAlive : headersTimeout
    const isOver = connection.idleLooks * interval > patience
    if (isOver || connection.silentLooks * interval >= silence) connection.socket.destroy()
  }

  return {
    accept: (accepted, peer) => {
      const connection = new LaneConnection(laneNeeds, peer, () => connections.delete(connection))
      if (connection.open(accepted)) connections.add(connection)
      else needs.ordinary(accepted)
    },
    close: () => {
      for (const connection of connections) if (connection.isIdle) connection.socket.destroy()
    },
    destroy: () => {
      clearInterval(timer)
      for (const connection of connections) connection.socket.destroy()
    },
  }
}
