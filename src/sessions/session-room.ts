import { type LiveSessions, liveSessions } from './live-sessions.ts'
import type { SessionNeeds } from './needs.ts'
import { type SessionLimits, sessionLimits } from './session-limits.ts'
import { type TurnedAway, turnedAway } from './turned-away.ts'

/** What the sessions of slots and the bound ones of a process share: its memory, and how many there may be. */
export interface SessionRoom {
  readonly live: LiveSessions
  readonly limits: SessionLimits
  readonly away: TurnedAway
}

export function sessionRoom(needs: SessionNeeds): SessionRoom {
  const live = liveSessions(needs.clock)
  return { live, limits: sessionLimits(live, needs), away: turnedAway(needs.events) }
}
