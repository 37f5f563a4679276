import type { UploadEngine } from '../engine/engine.ts'
import type { Log } from '../observe/log.ts'

/** How often overdue uploads and files are looked for. */
const SWEEP_INTERVAL = 60_000

/** How often the whole storage is searched for bytes that nothing refers to. */
const COLLECT_INTERVAL = 24 * 3_600_000

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
  const timers = [
    every(SWEEP_INTERVAL, async () => {
      const slots = await engine.sweep(stop.signal)
      if (slots > 0) log.info({ slots }, 'retention ended what was overdue')
    }),
    every(COLLECT_INTERVAL, async () => {
      const orphans = await engine.collect({ dryRun: false, signal: stop.signal })
      if (orphans.length > 0) log.warn({ orphans: orphans.length }, 'removed orphaned bytes')
    }),
  ]
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      stop.abort()
      await running
    },
  }

  function every(milliseconds: number, work: () => Promise<void>): NodeJS.Timeout {
    const run = async (): Promise<void> => {
      if (stop.signal.aborted) return
      try {
        await work()
      } catch (err) {
        if (!stop.signal.aborted) log.error({ err }, 'retention failed, it will be tried again')
      }
    }
    const timer = setInterval(() => {
      running = running.then(run)
    }, milliseconds)
    return timer.unref()
  }
}
