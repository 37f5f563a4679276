import { Refusal } from '../core/refusals.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import { type Visit, presentNetwork, visited } from './session-life.ts'
import type { BoundSession } from './session-record.ts'

/** Milliseconds within which another request of the same client in the same place is not worth a write. */
const PRECISION = 10_000

/** Whether a proved request tells more of the session than is known. */
export function isNews(session: BoundSession, visit: Visit): boolean {
  return (
    session.bound.provedAt === undefined ||
    presentNetwork(session)?.network !== visit.network ||
    visit.at - session.lastActiveAt > PRECISION
  )
}

/** The session after a proved request. Proved at once, a change of network is none that counts. */
export function provedBy(session: BoundSession, visit: Visit): BoundSession {
  const { changes: _unproved, ...next } = visited(session, visit)
  const { bound, revision } = session
  return { ...next, revision, bound: { ...bound, provedAt: bound.provedAt ?? visit.at } }
}

/** A session in the place of an older one: it is no younger, and has had as many refreshes. */
export function succeeding(session: BoundSession, older: BoundSession): BoundSession {
  const { refreshes, refreshUsed } = older.bound
  const bound = { ...session.bound, refreshes, refreshUsed }
  return { ...session, openedAt: older.openedAt, bound }
}

/** The session with one more refresh. Refuses (`refreshes-exhausted`) more than `most`. */
export function refreshedOnce(session: BoundSession, most: number): BoundSession {
  const { bound } = session
  if (bound.refreshes >= most) throw new Refusal('refreshes-exhausted')
  return { ...session, bound: { ...bound, refreshes: bound.refreshes + 1 } }
}

/** The session once something is used that a refresh gave. Refuses (`grant-expired`) what a later one replaced. */
export function usingRefresh(session: BoundSession, refresh: number): BoundSession {
  const { bound } = session
  if (refresh < bound.refreshUsed) throw new Refusal('grant-expired', { why: 'refreshed' })
  if (refresh === bound.refreshUsed) return session
  return { ...session, bound: { ...bound, refreshUsed: refresh } }
}

/** The session with what is known of its slots: whether their uploads are unfinished. */
export function withUploads(
  session: BoundSession,
  slots: ReadonlyMap<Fingerprint, boolean>,
): BoundSession {
  return [...slots].reduce(
    (changed, [slot, isUnfinished]) =>
      isUnfinished ? holding(changed, slot) : without(changed, slot),
    session,
  )
}

/** The session without an unfinished upload of the slot. */
export function without(session: BoundSession, slot: Fingerprint): BoundSession {
  if (!session.uploads.includes(slot)) return session
  return { ...session, uploads: session.uploads.filter((other) => other !== slot) }
}

function holding(session: BoundSession, slot: Fingerprint): BoundSession {
  if (session.uploads.includes(slot)) return session
  return { ...session, uploads: [...session.uploads, slot] }
}
