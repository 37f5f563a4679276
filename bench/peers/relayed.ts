import { throwawayCa } from '../../test/interop/throwaway-ca.ts'
import { GENERATOR_CORE } from '../machine.ts'
import { requirePrograms } from '../packages.ts'
import { startOwnServer } from './hmac-file-server.ts'
import { startHop } from './nginx-hop.ts'
import type { PeerSurroundings, RunningPeer } from './peer.ts'

/** Who ends TLS: nobody, since there is none, our server, or nginx in front of it on the same core. */
export type TlsEnd = 'nobody' | 'server' | 'proxy'

/**
 * Our server, reached through an nginx on the load generator's core. It encrypts for the generator, which
 * cannot, and is accounted for as a part of the load. So the CPU of the server is what can be compared; the rate is that
 * of whichever core is busier.
 */
export async function startRelayed(
  surroundings: PeerSurroundings,
  tlsEnd: TlsEnd,
): Promise<RunningPeer> {
  await using opening = new AsyncDisposableStack()
  requirePrograms(['openssl'])
  const tls = await (await throwawayCa(surroundings.folder)).issue(['127.0.0.1'])
  const set = [`server.tls_cert=${tls.certFile}`, `server.tls_key=${tls.keyFile}`]
  const settings = { fsync: 'never' as const, set: tlsEnd === 'server' ? set : [] }
  const own = opening.use(await startOwnServer(surroundings, settings))
  const upstream = `http://127.0.0.1:${own.port}`
  const proxy =
    tlsEnd === 'proxy'
      ? opening.use(await startHop({ name: 'front', upstream, tls }, surroundings))
      : undefined
  const scheme = tlsEnd === 'nobody' ? 'http' : 'https'
  const next = `${scheme}://127.0.0.1:${(proxy ?? own).port}`
  const loading = { ...surroundings, cores: String(GENERATOR_CORE) }
  const relay = opening.use(await startHop({ name: 'relay', upstream: next }, loading))
  const opened = opening.move()
  return {
    ...own,
    port: relay.port,
    proxies: proxy === undefined ? [] : [proxy.pid],
    relays: [relay.pid],
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  }
}
