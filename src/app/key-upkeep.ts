import type { Config } from '../config/options.ts'
import type { Clock } from '../core/clock.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { type KeyFileNeeds, keepKeys, needKeeping, overlapFor } from '../keys/rotation.ts'
import { attempts } from './attempts.ts'
import { type KeyNameNeeds, keyNames } from './key-names.ts'
import { repeating } from './repeating.ts'

/** How often it is looked whether a key is due, in milliseconds. */
const INTERVAL = 60_000

export interface KeyUpkeepNeeds extends KeyNameNeeds {
  readonly ring: KeyRing
  /** In effect now. */
  readonly config: () => Config
  readonly clock: Clock
}

/**
 * Adds a master key when the newest is old enough, removes those that are retired from their file, and compares the
 * names with those of other servers: at once, and then every minute. Resolves after the first time, and rejects if
 * the others can't be asked then. Disposing waits for the run under way.
 */
export async function startKeyUpkeep(needs: KeyUpkeepNeeds): Promise<AsyncDisposable> {
  const { log } = needs
  const exchangeNames = keyNames(needs)
  // Keys verify as their times say, whatever becomes of the file.
  const attemptFile = attempts((err) =>
    log.warn({ err }, 'the master keys cannot be changed, it will be tried again'),
  )
  const attemptNames = attempts((err) =>
    log.warn({ err }, 'the names of master keys cannot be compared'),
  )
  const keepFile = async (): Promise<void> => await attemptFile(async () => await keep(needs))
  await keepFile()
  await exchangeNames()
  return repeating({
    every: INTERVAL,
    attempt: attemptNames,
    async work() {
      await keepFile()
      await exchangeNames()
    },
  })
}

/** What a change of the configured keys works on. */
export function keyFileNeeds(config: Config, clock: Clock): KeyFileNeeds {
  const { security, sessionStore } = config
  return { file: security.masterKey, clock, overlap: overlapFor(sessionStore.maxSessionAge) }
}

async function keep({ ring, config, clock }: KeyUpkeepNeeds): Promise<void> {
  const { rotateEvery, activationDelay: activateIn } = config().keys
  if (!needKeeping(ring.entries, rotateEvery, clock())) return
  await keepKeys(keyFileNeeds(config(), clock), { rotateEvery, activateIn })
  await ring.reread()
}
