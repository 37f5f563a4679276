import type { Log } from '../observe/log.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** How often changed sessions are stored: a crash loses no more of them than this. */
const FLUSH_INTERVAL = 1_000

/**
 * Stores changed sessions, and ends old ones: at once and then every `cleanupInterval` milliseconds.
 * One run at a time; disposing waits for the run under way.
 */
export function startSessionUpkeep(needs: {
  sessions: Pick<Sessions, 'flush' | 'cleanup'>
  cleanupInterval: number
  log: Log
}): AsyncDisposable {
  const { sessions, cleanupInterval, log } = needs
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const flush = inTurn(async () => await sessions.flush())
  const cleanup = inTurn(async () => await sessions.cleanup(stop.signal))
  cleanup()
  const timers = [setInterval(flush, FLUSH_INTERVAL), setInterval(cleanup, cleanupInterval)]
  for (const timer of timers) timer.unref()
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      stop.abort()
      await running
    },
  }

  /** Runs after whatever runs already; uploads go on without what failed, and the next run tries again. */
  function inTurn(work: () => Promise<void>): () => void {
    const run = async (): Promise<void> => {
      try {
        if (!stop.signal.aborted) await work()
      } catch (err) {
        log.warn({ err }, 'sessions could not be stored, it will be tried again')
      }
    }
    return () => {
      running = running.then(run)
    }
  }
}
