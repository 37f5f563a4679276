import type { Log } from '../observe/log.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** How often changed sessions are stored: a crash loses no more of them than this. */
const FLUSH_INTERVAL = 1_000

/**
 * Stores changed sessions, and ends old ones: at once and then every `cleanupInterval` milliseconds.
 * One run at a time; disposing waits for the run under way and stores what is left.
 */
export function startSessionUpkeep(needs: {
  sessions: Pick<Sessions, 'flush' | 'cleanup'>
  cleanupInterval: number
  log: Log
}): AsyncDisposable {
  const { sessions, cleanupInterval, log } = needs
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let isFailing = false
  const flush = inTurn(async () => await sessions.flush())
  const cleanup = inTurn(async () => await sessions.cleanup(stop.signal))
  cleanup()
  const timers = [setInterval(flush, FLUSH_INTERVAL), setInterval(cleanup, cleanupInterval)]
  for (const timer of timers) timer.unref()
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      stop.abort()
      flush()
      // What ended since the latest one leaves with the second.
      flush()
      await running
    },
  }

  /** Runs after whatever runs already. */
  function inTurn(work: () => Promise<void>): () => void {
    return () => {
      running = running.then(async () => await attempt(work))
    }
  }

  /** Uploads go on without what failed, and the next run tries again: the log is told once. */
  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      isFailing = false
    } catch (err) {
      if (!isFailing) log.warn({ err }, 'sessions cannot be stored, it will be tried again')
      isFailing = true
    }
  }
}
