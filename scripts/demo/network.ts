import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { type Link, link } from './link.ts'

/** What a phone is connected to: a way to the server, which sees the address of this network. */
export interface Network extends AsyncDisposable {
  /** A connection over this network. */
  readonly connect: () => Socket
  /** From now on nothing passes, in either direction, and neither end is told. */
  readonly silence: () => void
  /** New connections pass; those that were there stay silent. */
  readonly restore: () => void
}

/** Opens a network from which the server, at a port of 127.0.0.1, sees the given loopback address. */
export async function openNetwork(address: string, server: () => number): Promise<Network> {
  const sockets = new Set<Socket>()
  const links = new Set<Link>()
  let isSilent = false
  const listener = createServer((phone) => {
    const upstream = connect({ host: '127.0.0.1', port: server(), localAddress: address })
    const both = [phone, upstream]
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    }
    links.add(link(phone, upstream))
    if (isSilent) for (const one of links) one.silence()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const at = listener.address()
  const port = typeof at === 'object' && at !== null ? at.port : 0
  return {
    connect: () => connect(port, '127.0.0.1'),
    silence() {
      isSilent = true
      for (const one of links) one.silence()
      links.clear()
    },
    restore() {
      isSilent = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}
