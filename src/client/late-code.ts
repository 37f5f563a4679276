import { answered } from './answered.ts'
import { type PersistenceNeeds, persist } from './persistence.ts'

/** Milliseconds that a part of a few kilobytes may take to come. */
const PATIENCE = 15_000

/**
 * Loads code that most pages never run, when it is first used: as often as a download is tried, while there is no
 * network until it comes. Rejects with `UploadError` (`out-of-tries`), or with the signal's reason.
 */
export async function lateCode<Module>(
  load: () => Promise<Module>,
  needs: PersistenceNeeds,
): Promise<Module> {
  const { signal, time } = needs
  return await persist(async () => {
    const { promise: stalled, reject } = Promise.withResolvers<never>()
    const stop = time.after(PATIENCE, () => reject(new Error('No code came')))
    try {
      return await answered(Promise.race([load(), stalled]), signal)
    } finally {
      stop()
    }
  }, needs)
}
