import { tellingOnce } from '../core/trouble.ts'
import type { Log } from '../observe/log.ts'

/**
 * Attempts work that goes on without what failed, and is tried again: never rejects. The log is told of a failure, and
 * not again before an attempt succeeded.
 */
export function attempts(
  log: Pick<Log, 'warn'>,
  text: string,
): (work: () => Promise<void>) => Promise<void> {
  const tell = tellingOnce((failure: { readonly err: unknown }) => log.warn(failure, text))
  return async (work) => {
    try {
      await work()
      tell(undefined)
    } catch (err) {
      tell({ err })
    }
  }
}
