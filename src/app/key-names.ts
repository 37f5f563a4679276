import type { KeyRing } from '../keys/key-ring.ts'
import type { Log } from '../observe/log.ts'
import type { Stores } from './stores.ts'

/** What the names of the master keys are compared with. */
export interface KeyNameNeeds {
  readonly ring: Pick<KeyRing, 'entries' | 'find'>
  readonly stores: Pick<Stores, 'exchangeMasterKeyName'>
  readonly log: Log
}

/**
 * Makes the function that leaves the name of the newest key for other servers with the same records, and warns,
 * once of each, if one of them left the name of a key that is not known here: they refuse each other's sessions.
 */
export function keyNames({ ring, stores, log }: KeyNameNeeds): () => Promise<void> {
  let warned: string | undefined
  return async () => {
    const [{ kid }] = ring.entries
    const latest = await stores.exchangeMasterKeyName?.(kid)
    if (latest === undefined || latest === warned || ring.find(latest) !== undefined) return
    warned = latest
    log.warn(
      { kid, latest },
      'another server with these records has another master key: each refuses the sessions of the other ' +
        'until all have the same file (security.master_key)',
    )
  }
}
