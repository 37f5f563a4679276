import { type Cut, type CuttingProxy, cuttingProxy } from './cutting-proxy.ts'
import { type Site, startSite } from './site.ts'

/** A server whose clients come, and come back, through a proxy that fails as told. */
export interface ProxiedSite extends AsyncDisposable {
  readonly site: Site
  readonly proxy: CuttingProxy
}

/** Starts both; `flags` are options of the server beside its public URL. */
export async function proxiedSite(
  cuts: readonly Cut[],
  flags: readonly string[] = [],
): Promise<ProxiedSite> {
  await using opened = new AsyncDisposableStack()
  let port = 0
  const proxy = opened.use(await cuttingProxy(() => port, cuts))
  const url = `http://127.0.0.1:${proxy.port}/`
  const site = opened.use(await startSite([`server.public_url=${url}`, ...flags]))
  ;({ port } = site)
  const kept = opened.move()
  return { site, proxy, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}
