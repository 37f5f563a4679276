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
  const attempt = attempts(log, 'sessions cannot be stored, it will be tried again')
  const flush = async (): Promise<void> => await attempt(async () => await sessions.flush())
  const running = repeating(
    { every: FLUSH_INTERVAL, work: flush },
    {
      every: cleanupInterval,
      first: 0,
      work: async (signal) => await attempt(async () => await sessions.cleanup(signal)),
    },
  )
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      await running[Symbol.asyncDispose]()
      await flush()
      // What ended since the latest one leaves with the second.
      await flush()
    },
  }
}
