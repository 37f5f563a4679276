import type { Log } from '../observe/log.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { attempts } from './attempts.ts'
import { repeating } from './repeating.ts'

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
  // Uploads go on without what failed.
  const attempt = attempts((err) =>
    log.warn({ err }, 'sessions cannot be stored, it will be tried again'),
  )
  const flush = async (): Promise<void> => await sessions.flush()
  const running = repeating(
    { every: FLUSH_INTERVAL, attempt, work: flush },
    {
      every: cleanupInterval,
      first: 0,
      attempt,
      work: async (signal) => await sessions.cleanup(signal),
    },
  )
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      await running[Symbol.asyncDispose]()
      await attempt(flush)
      // What ended since the latest one leaves with the second.
      await attempt(flush)
    },
  }
}
