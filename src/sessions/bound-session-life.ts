import type { Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import { type Visit, holding, presentNetwork, visited } from './session-life.ts'
import type { BoundSession, SessionRecord } from './session-record.ts'

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

/**
 * A session that was opened just now in the place of an older one: it is no younger, has been where that one
 * was, and has had as many refreshes.
 */
export function succeeding(session: BoundSession, older: BoundSession): BoundSession {
  const { key, uploads, revision, lastActiveAt: at } = session
  const { refreshes, refreshUsed } = older.bound
  const bound = { ...session.bound, refreshes, refreshUsed }
  const past = session.networks.reduce<SessionRecord>(
    (seen, { network, product }) =>
      visited(seen, { at, network, ...(product === undefined ? {} : { product }) }),
    older,
  )
  return { ...past, key, uploads, revision, bound }
}

/** The session once a new grant lifted level 3. */
export function confirmedAt(session: BoundSession, at: Instant): BoundSession {
  return { ...session, bound: { ...session.bound, confirmedAt: at } }
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

/** What became of a slot's upload. */
export interface UploadNews {
  readonly isUnfinished: boolean
  /** When its latest byte came, if one did. */
  readonly lastByteAt?: Instant | undefined
}

/** The session with what is known of its slots. */
export function withUploads(
  session: BoundSession,
  slots: ReadonlyMap<Fingerprint, UploadNews>,
): BoundSession {
  return [...slots].reduce((before, [slot, { isUnfinished, lastByteAt = 0 }]) => {
    const changed = activeAt(before, lastByteAt)
    return isUnfinished ? holding(changed, slot) : without(changed, slot)
  }, session)
}

/** The session, whose client was still sending at that moment: a body that flows is no standby. */
export function activeAt<S extends SessionRecord>(session: S, moment: Instant): S {
  return moment - session.lastActiveAt > PRECISION ? { ...session, lastActiveAt: moment } : session
}

/** The session without an unfinished upload of the slot. */
function without(session: BoundSession, slot: Fingerprint): BoundSession {
  if (!session.uploads.includes(slot)) return session
  return { ...session, uploads: session.uploads.filter((other) => other !== slot) }
}
