import { type Waiting, pause } from './back-off.ts'
import type { DownloadEvent } from './download-options.ts'
import { FileDeferred } from './file-answer.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import { UploadError } from './upload-error.ts'

/** So many tries in a row may bring nothing. */
const MOST_TRIES = 12

export interface PersistenceNeeds extends Waiting {
  readonly time: Pick<TimeAndChance, 'after' | 'random'>
  readonly onEvent: ((event: DownloadEvent) => void) | undefined
}

/** Tries again what was lost. */
export interface Persistence {
  /**
   * Resolves to what the first attempt that is not lost resolves to; each is told how many failed before it without
   * any progress. Rejects with an `UploadError` at once, and with the signal's reason.
   */
  readonly persist: <Result>(attempt: (failures: number) => Promise<Result>) => Promise<Result>
  /** It was worth it: the tries are counted anew. */
  readonly progressed: () => void
}

/** Waits longer and longer between the tries, no less than the server asks for, but not once there is another network. */
export function persistence(needs: PersistenceNeeds): Persistence {
  const { signal, network, onEvent } = needs
  const tell = (event: DownloadEvent): void => onEvent?.(event)
  let failures = 0

  async function recover(reason: unknown): Promise<void> {
    tell({ kind: 'lost', reason })
    // What fails without a network says nothing of the server.
    if (network.isOnline()) failures += 1
    if (failures >= MOST_TRIES) {
      throw new UploadError('out-of-tries', `No byte in ${failures} tries`, { cause: reason })
    }
    const asked = reason instanceof FileDeferred ? reason.wait : 0
    await pause(failures, asked, { ...needs, tell })
  }

  return {
    progressed: () => void (failures = 0),
    async persist(attempt) {
      for (;;) {
        signal.throwIfAborted()
        try {
          return await attempt(failures)
        } catch (reason) {
          signal.throwIfAborted()
          if (reason instanceof UploadError) throw reason
          await recover(reason)
        }
      }
    },
  }
}
