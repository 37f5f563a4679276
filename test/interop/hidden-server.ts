import { readFile } from 'node:fs/promises'
import { type FileServer, type FileServerOptions, startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { frontUrl, type ProxySite } from './proxies/proxy-site.ts'
import { tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'

/** The path that fronts pass on to our server. */
export const PREFIX = '/upload/'

/** Our server, told the URL of a front that is yet to be started. */
export interface HiddenServer extends ProxySite, AsyncDisposable {
  readonly server: FileServer
  /** The front's certificate authority: its file, and its text. */
  readonly caFile: string
  readonly ca: string
}

/** Starts it; clients come through the front's own port, or through another before it. */
export async function hiddenServer(
  config: FileServerOptions['config'] = {},
  publicPort?: number,
): Promise<HiddenServer> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('front')).path
  const { caFile, issue } = await throwawayCa(folder)
  const front = { port: await freePort(), prefix: PREFIX }
  const publicUrl = frontUrl({ ...front, port: publicPort ?? front.port })
  const server = stack.use(await startFileServer({ publicUrl, config }))
  const certificate = await issue(['localhost'])
  const ca = await readFile(caFile, 'utf8')
  const upstream = `127.0.0.1:${server.port}`
  const running = stack.move()
  return {
    ...front,
    upstream,
    folder,
    certificate,
    server,
    caFile,
    ca,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}
