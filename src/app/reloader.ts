import type { Config } from '../config/options.ts'
import { reloading } from '../config/reloading.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { AuditTrail } from '../observe/audit.ts'
import type { Log } from '../observe/log.ts'

/** What a reload works on. */
export interface ReloaderNeeds {
  /** The configuration that the server was started with. */
  readonly config: Config
  /** Puts a configuration into effect as a whole; if it throws, the old one stays. */
  readonly apply: (config: Config) => void
  /** Its file is opened anew, because a log rotation may have moved it. */
  readonly audit: Pick<AuditTrail, 'reopen'> | undefined
  /** Its file is read again. */
  readonly ring: Pick<KeyRing, 'reread'>
  readonly log: Log
}

/** Makes the function that takes a new configuration over and says what needs a restart. */
export function reloader(needs: ReloaderNeeds): (wanted: Config) => Promise<void> {
  const { apply, audit, ring, log } = needs
  let running = needs.config
  return async (wanted) => {
    const { config, changed, needRestart } = reloading(running, wanted)
    apply(config)
    running = config
    if (needRestart.length > 0) {
      log.warn({ options: needRestart }, 'changed options that need a restart keep their old value')
    }
    log.info({ changed }, 'configuration reloaded')
    await ring.reread()
    try {
      await audit?.reopen()
    } catch (err) {
      log.error({ err }, 'audit file not opened anew: lines go to the old one')
    }
  }
}
