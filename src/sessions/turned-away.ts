import type { Fingerprint } from '../core/slot-path.ts'
import type { SessionEvents } from './events.ts'

/** Slots without a session that are told apart; one too many makes the earliest news again. */
const REMEMBERED = 10_000

/** Slots for whose session there was no room, each told of once however many requests its upload takes. */
export interface TurnedAway {
  tell(slot: string): void
  /** Its upload ended. */
  forget(slot: Fingerprint): void
}

export function turnedAway({ noRoom }: Pick<SessionEvents, 'noRoom'>): TurnedAway {
  const told = new Set<string>()
  return {
    tell(slot): void {
      if (told.has(slot)) return
      const [earliest] = told
      if (told.size >= REMEMBERED && earliest !== undefined) told.delete(earliest)
      told.add(slot)
      noRoom(slot)
    },
    forget: (slot) => void told.delete(slot),
  }
}
