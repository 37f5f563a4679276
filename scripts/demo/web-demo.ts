import { demoEndpoints } from './demo-endpoints.ts'
import { type DemoServer, startDemoServer } from './demo-server.ts'
import { pageFiles } from './page-files.ts'
import { startSite } from './page-site.ts'
import { type SwitchableNetwork, openSwitchableNetwork } from './switchable-network.ts'

/** The page of `examples/web`, our server, and between them a network that can be another one at any time. */
export interface WebDemo extends AsyncDisposable {
  /** Of the page. */
  readonly url: string
  readonly server: DemoServer
  readonly network: SwitchableNetwork
}

/** Starts all three, with everything that is stored below a folder; the page at a free port if none is named. */
export async function startWebDemo(folder: string, port = 0): Promise<WebDemo> {
  await using stack = new AsyncDisposableStack()
  let serverPort = 0
  const network = stack.use(await openSwitchableNetwork(() => serverPort))
  const server = stack.use(await startDemoServer(folder, network.port))
  serverPort = server.port
  const files = await pageFiles()
  const endpoints = demoEndpoints(server, network)
  const uploads = `http://127.0.0.1:${network.port}`
  const { url } = stack.use(await startSite({ files, endpoints, uploads }, port))
  const running = stack.move()
  return {
    url,
    server,
    network,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}
