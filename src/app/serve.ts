import { once } from 'node:events'
import process from 'node:process'
import type { Config } from '../config/options.ts'
import { showListenAddress } from '../config/address-kinds.ts'
import { startServer } from './running-server.ts'

/** How `serve` talks to whoever runs it. */
export interface ServeOptions {
  /** Told, line by line, what an operator wants to know at start. */
  readonly announce: (line: string) => void
  /** Aborting it shuts the server down. */
  readonly signal: AbortSignal
}

/** Runs the server until the signal aborts, then shuts it down with grace. */
export async function serve(config: Config, { announce, signal }: ServeOptions): Promise<void> {
  await using server = await startServer(config, { destination: process.stderr })
  for (const address of server.addresses) announce(`Listening on ${showListenAddress(address)}`)
  for (const address of server.adminAddresses)
    announce(`Metrics and health on ${showListenAddress(address)}`)
  if (!signal.aborted) await once(signal, 'abort')
  await server.shutdown()
}
