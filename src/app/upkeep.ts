import type { UploadEngine } from '../engine/engine.ts'
import { STORE_AFTER } from '../engine/policy.ts'
import type { Log } from '../observe/log.ts'
import { attempts } from './attempts.ts'
import { repeating } from './repeating.ts'

/** How often overdue uploads and files are looked for. */
const SWEEP_INTERVAL = 60_000

/** How often the whole storage is searched for bytes that nothing refers to … */
const COLLECT_INTERVAL = 24 * 3_600_000

/** … and how long after the start for the first time: a server may be restarted every night. */
const FIRST_COLLECT = 10 * 60_000

/**
 * Retention in the background: ends what is overdue every minute and collects orphans once a day,
 * one run at a time. Disposing waits for the run under way.
 */
export function startUpkeep(needs: {
  engine: Pick<UploadEngine, 'sweep' | 'collect'>
  log: Log
}): AsyncDisposable {
  const { engine, log } = needs
  const failed = (err: unknown): void =>
    log.error({ err }, 'retention failed, it will be tried again')
  return repeating(
    {
      every: SWEEP_INTERVAL,
      attempt: attempts(failed),
      async work(signal) {
        const slots = await engine.sweep(signal)
        if (slots > 0) log.info({ slots }, 'retention ended what was overdue')
      },
    },
    {
      every: COLLECT_INTERVAL,
      first: FIRST_COLLECT,
      attempt: attempts(failed),
      async work(signal) {
        const orphans = await engine.collect({ dryRun: false, signal })
        if (orphans.length > 0) log.warn({ orphans: orphans.length }, 'removed orphaned bytes')
      },
    },
  )
}

/** Keeps what uploads leave unkept when nothing comes for them; one coarse timer for all of this process. */
export function startKeeping(engine: Pick<UploadEngine, 'keep'>): Disposable {
  const timer = setInterval(() => engine.keep(), STORE_AFTER).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
