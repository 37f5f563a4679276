import type { UploadEngine } from '../engine/engine.ts'
import { STORE_AFTER } from '../engine/policy.ts'
import type { Log } from '../observe/log.ts'

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
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const sweep = upkeep(async () => {
    const slots = await engine.sweep(stop.signal)
    if (slots > 0) log.info({ slots }, 'retention ended what was overdue')
  })
  const collect = upkeep(async () => {
    const orphans = await engine.collect({ dryRun: false, signal: stop.signal })
    if (orphans.length > 0) log.warn({ orphans: orphans.length }, 'removed orphaned bytes')
  })
  const timers = [
    setInterval(sweep, SWEEP_INTERVAL),
    setTimeout(collect, FIRST_COLLECT),
    setInterval(collect, COLLECT_INTERVAL),
  ]
  for (const timer of timers) timer.unref()
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      stop.abort()
      await running
    },
  }

  /** Runs after whatever runs already; a failure is tried again at the next time. */
  function upkeep(work: () => Promise<void>): () => void {
    const run = async (): Promise<void> => {
      if (stop.signal.aborted) return
      try {
        await work()
      } catch (err) {
        if (!stop.signal.aborted) log.error({ err }, 'retention failed, it will be tried again')
      }
    }
    return () => {
      running = running.then(run)
    }
  }
}

/** Keeps what uploads leave unkept when nothing comes for them; one coarse timer for all of this process. */
export function startKeeping(engine: Pick<UploadEngine, 'keep'>): Disposable {
  const timer = setInterval(() => engine.keep(), STORE_AFTER).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
