import { configToText } from '../../config/handover.ts'
import type { Config } from '../../config/options.ts'
import type { ListenAddress } from '../../core/listen-address.ts'
import { removeStaleSocket } from '../../http/binding.ts'
import type { LogDestination } from '../../observe/log.ts'
import { leaseBroker } from '../../stores/workers/lease-broker.ts'
import { noticeRelay } from '../../stores/workers/notices.ts'
import { startAdmins } from '../admin-listeners.ts'
import { withWorkingLane } from '../front.ts'
import { reloader } from '../reloader.ts'
import type { RunningServer } from '../running-server.ts'
import type { Core } from '../server-core.ts'
import { startSoleCore } from '../sole-core.ts'
import { mendLeft } from './mending.ts'
import { teamMetrics } from './team-metrics.ts'
import { type Team, startTeam } from './team.ts'

/**
 * Starts a server of `server.workers` processes, which serve the clients. This one, their primary, has
 * what there must be once: the lock of the state, the leases, retention, the listeners for operators.
 * Rejects with what is wrong; nothing runs then.
 */
export async function startPrimary(
  config: Config,
  { destination }: { destination: LogDestination },
): Promise<RunningServer> {
  await using started = new AsyncDisposableStack()
  const core = await startSoleCore(config, destination, started)
  for (const address of config.server.listen) {
    if (address.kind === 'unix') await removeStaleSocket(address)
  }
  const first = await withWorkingLane(config, core.log)
  let current = first
  const metrics = teamMetrics(core.metrics)
  const attend = [metrics.include, noticeRelay().include]
  const team = started.use(
    await startTeam({
      ...teamNeeds(core),
      size: config.server.workers,
      config: () => current,
      attend,
    }),
  )
  const admins = await startAdmins(config, { ...core, metrics }, started)
  const apply = (next: Config): void => {
    core.follow(next)
    current = next
  }
  const reload = reloader({ ...core, config: first, apply })
  const running = started.move()
  return {
    log: core.log,
    addresses: config.server.listen.map((address, at) => withPort(address, team, at)),
    adminAddresses: admins.map(({ address }) => address),
    async shutdown(): Promise<void> {
      await team.shutdown(config.server.shutdownGrace)
      await running.disposeAsync()
    },
    async reload(wanted): Promise<void> {
      await reload(wanted)
      team.tell({ word: 'reload', id: 0, text: configToText(wanted) })
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

function teamNeeds(core: Core): Pick<Parameters<typeof startTeam>[0], 'broker' | 'mend' | 'log'> {
  const { log, stores } = core
  const broker = leaseBroker({
    leases: stores.leases,
    onPassedOver: (slot) => log.warn({ slot }, 'a worker that does not answer lost a slot'),
  })
  return { log, broker, mend: async (leases) => await mendLeft(leases, core) }
}

function withPort(address: ListenAddress, { ports }: Team, at: number): ListenAddress {
  return address.kind === 'tcp' ? { ...address, port: ports[at] ?? address.port } : address
}
