import type { Instant } from '../core/clock.ts'
import type { KeyEntries, KeyEntry } from './key-entry.ts'

/**
 * What a key is good for: `coming` ones and `overlapping` ones verify, the `current` one also makes what is new,
 * a `retired` one does neither.
 */
export type KeyState = 'coming' | 'current' | 'overlapping' | 'retired'

/** A key, and what it is good for at a time. */
export interface KeyStanding {
  readonly entry: KeyEntry
  readonly state: KeyState
}

/** What each key is good for at `now`, the newest first. Exactly one is current. */
export function standings(entries: KeyEntries, now: Instant): readonly KeyStanding[] {
  const current = currentOf(entries, now)
  return entries.map((entry) => {
    if (entry === current) return { entry, state: 'current' }
    if (isRetired(entry, now)) return { entry, state: 'retired' }
    return { entry, state: entry.activeFrom > now ? 'coming' : 'overlapping' }
  })
}

/** The instants at which a key's state changes, in no order. */
export function turningPoints(entries: KeyEntries): readonly Instant[] {
  return entries.flatMap(({ activeFrom, retireAt }) =>
    retireAt === undefined ? [activeFrom] : [activeFrom, retireAt],
  )
}

/** The newest that is active. A machine whose clock is far off has a current key nevertheless. */
function currentOf(entries: KeyEntries, now: Instant): KeyEntry {
  const usable = entries.filter((entry) => !isRetired(entry, now))
  return usable.find(({ activeFrom }) => activeFrom <= now) ?? usable.at(-1) ?? entries[0]
}

function isRetired({ retireAt }: KeyEntry, now: Instant): boolean {
  return retireAt !== undefined && retireAt <= now
}
