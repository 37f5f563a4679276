import { once } from 'node:events'
import process from 'node:process'
import { showListenAddress } from '../config/address-kinds.ts'
import type { LoadedConfig } from '../config/load-config.ts'
import type { Config } from '../config/options.ts'
import { type RunningServer, startServer } from './running-server.ts'
import { startPrimary } from './workers/primary.ts'

/** How `serve` talks to whoever runs it. */
export interface ServeOptions {
  /** Told, line by line, what an operator wants to know at start. */
  readonly announce: (line: string) => void
  /** Aborting it shuts the server down. */
  readonly signal: AbortSignal
  /** Calls back whenever the operator asks for a reload, until it is disposed of. */
  readonly onReload: (listener: () => void) => Disposable
  /** Reads the configuration again; rejects with what is wrong with it. */
  readonly load: () => Promise<LoadedConfig>
}

/** Runs the server until the signal aborts, then shuts it down with grace. */
export async function serve(config: Config, options: ServeOptions): Promise<void> {
  const { announce, signal, onReload, load } = options
  const destination = process.stderr
  const start = config.server.workers === 1 ? startServer : startPrimary
  await using server = await start(config, { destination })
  let reloads: Promise<void> = Promise.resolve()
  using _asked = onReload(() => {
    reloads = reloads.then(async () => await reload(server, load))
  })
  for (const address of server.addresses) announce(`Listening on ${showListenAddress(address)}`)
  for (const address of server.adminAddresses)
    announce(`Metrics and health on ${showListenAddress(address)}`)
  if (!signal.aborted) await once(signal, 'abort')
  await reloads
  await server.shutdown()
}

/** A configuration that can't be used changes nothing: the server goes on as it is. */
async function reload(server: RunningServer, load: ServeOptions['load']): Promise<void> {
  const { log } = server
  try {
    const { config, warnings } = await load()
    for (const warning of warnings) log.warn(warning)
    await server.reload(config)
  } catch (err) {
    log.error({ err }, 'configuration not reloaded: the old one stays in use')
  }
}
