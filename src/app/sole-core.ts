import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import type { LogDestination } from '../observe/log.ts'
import { startAuditUpkeep } from './audit-upkeep.ts'
import { startKeyUpkeep } from './key-upkeep.ts'
import { type Core, startCore } from './server-core.ts'
import { openStoresAlone } from './stores.ts'
import { startUpkeep } from './upkeep.ts'

/**
 * The core of the process that has the stores for itself, or for the workers it starts: what a crash
 * left is mended, and what there must be once (retention, the ends of sessions) runs.
 */
export async function startSoleCore(
  config: Config,
  destination: LogDestination,
  started: AsyncDisposableStack,
): Promise<Core> {
  const core = await startCore(config, { destination, open: openStoresAlone }, started)
  await core.engine.recover()
  started.use(startUpkeep(core))
  const { audit, privacy } = config
  started.use(startAuditUpkeep({ ...audit, ...privacy, log: core.log, trail: core.audit }))
  let current = config
  started.use(await startKeyUpkeep({ ...core, config: () => current, clock: systemClock }))
  return {
    ...core,
    follow(next): void {
      current = next
      core.follow(next)
    },
  }
}
