import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { type Link, link } from '../../scripts/demo/link.ts'

/** A TCP relay to a port of this machine. */
export interface HalfOpenRelay extends AsyncDisposable {
  readonly port: number
  /** The connections there are pass nothing on any more, and neither end is told; new ones work. */
  silence(): void
}

export async function halfOpenRelay(upstream: number): Promise<HalfOpenRelay> {
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  const listener = createServer((client) => {
    const server = connect(upstream, '127.0.0.1')
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    links.add(link(client, server))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const at = listener.address()
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    silence() {
      for (const one of links) one.silence()
      links.clear()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
