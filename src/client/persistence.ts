import { type Pausing, pause } from './back-off.ts'
import { UploadError } from './upload-error.ts'
import type { UploadEvent } from './upload-event.ts'

/** So many tries in a row may bring nothing. */
const MOST_TRIES = 12

export interface PersistenceNeeds extends Pausing {
  readonly tell?: ((event: Extract<UploadEvent, { kind: 'lost' | 'waiting' }>) => void) | undefined
  /** How long the reason of a loss asks to wait, in milliseconds. Absent: none of them does. */
  readonly waitOf?: (reason: unknown) => number
}

/**
 * Tries again what was lost, with longer and longer waits, no less than asked for, but not once there is another
 * network. Resolves to what the first attempt that is not lost resolves to; each is told how many failed before it.
 * Rejects with an `UploadError` at once, and with the signal's reason.
 */
export async function persist<Result>(
  attempt: (failures: number) => Promise<Result>,
  needs: PersistenceNeeds,
): Promise<Result> {
  const { signal, network, tell, waitOf } = needs
  for (let failures = 0; ;) {
    signal.throwIfAborted()
    try {
      return await attempt(failures)
    } catch (reason) {
      signal.throwIfAborted()
      if (reason instanceof UploadError) throw reason
      tell?.({ kind: 'lost', reason })
      // What fails without a network says nothing of the server.
      if (network.isOnline()) failures += 1
      if (failures === MOST_TRIES) {
        throw new UploadError('out-of-tries', `No answer in ${MOST_TRIES} tries`, {
          cause: reason,
        })
      }
      await pause(failures, waitOf?.(reason) ?? 0, needs)
    }
  }
}
