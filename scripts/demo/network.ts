import { type Socket, connect } from 'node:net'
import { type Link, link } from './link.ts'
import { tcpRelay } from './tcp-relay.ts'

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
  const links = new Set<Link>()
  let isSilent = false
  const relay = await tcpRelay(
    () => connect({ host: '127.0.0.1', port: server(), localAddress: address }),
    (phone, upstream) => {
      links.add(link(phone, upstream))
      if (isSilent) for (const one of links) one.silence()
    },
  )
  return {
    connect: () => connect(relay.port, '127.0.0.1'),
    silence() {
      isSilent = true
      for (const one of links) one.silence()
      links.clear()
    },
    restore() {
      isSilent = false
    },
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
