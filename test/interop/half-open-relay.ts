import { connect } from 'node:net'
import { type Link, link } from '../../scripts/demo/link.ts'
import { tcpRelay } from '../../scripts/demo/tcp-relay.ts'

/** A TCP relay to a port of this machine. */
export interface HalfOpenRelay extends AsyncDisposable {
  readonly port: number
  /** The connections there are pass nothing on any more, and neither end is told; new ones work. */
  silence(): void
}

export async function halfOpenRelay(upstream: number): Promise<HalfOpenRelay> {
  const links = new Set<Link>()
  const relay = await tcpRelay(
    () => connect(upstream, '127.0.0.1'),
    (client, server) => links.add(link(client, server)),
  )
  return {
    port: relay.port,
    silence() {
      for (const one of links) one.silence()
      links.clear()
    },
    [Symbol.asyncDispose]: async () => await relay[Symbol.asyncDispose](),
  }
}
