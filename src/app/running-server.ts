import type { Config } from '../config/options.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import type { Log, LogDestination } from '../observe/log.ts'
import { startAdmins } from './admin-listeners.ts'
import { startFront, withWorkingLane } from './front.ts'
import { reloader } from './reloader.ts'
import { startSoleCore } from './sole-core.ts'

/** A server that accepts requests. Disposing ends it at once. */
export interface RunningServer extends AsyncDisposable {
  /** What it writes to, at the level of the configuration that is in use. */
  readonly log: Log
  /** Where it listens, with the ports that were really taken. */
  readonly addresses: readonly ListenAddress[]
  /** Where operators reach it; empty if they don't. */
  readonly adminAddresses: readonly ListenAddress[]
  /** Ends it after running requests had `server.shutdown_grace` to finish. */
  shutdown(): Promise<void>
  /**
   * Takes over what can be changed of a new configuration and opens the audit file anew; the log
   * names what needs a restart.
   */
  reload(config: Config): Promise<void>
}

/**
 * Starts everything the configuration asks for, in this one process (`server.workers` is for the
 * command `serve`); rejects with what is wrong, nothing runs then.
 */
export async function startServer(
  config: Config,
  { destination }: { destination: LogDestination },
): Promise<RunningServer> {
  await using started = new AsyncDisposableStack()
  const core = await startSoleCore(config, destination, started)
  const front = started.use(await startFront(await withWorkingLane(config, core.log), core))
  const admins = await startAdmins(config, core, started)
  const running = started.move()
  const apply = (next: Config): void => {
    front.follow(next)
    core.follow(next)
  }
  return {
    log: core.log,
    addresses: front.addresses,
    adminAddresses: admins.map(({ address }) => address),
    async shutdown(): Promise<void> {
      await front.shutdown()
      await running.disposeAsync()
    },
    reload: reloader({ ...core, config, apply }),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}
