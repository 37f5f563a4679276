import type { Instant } from '../core/clock.ts'
import { Refusal } from '../core/refusals.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { SeenNetwork } from '../sessions/session-record.ts'
import { nextFields } from './answer-fields.ts'
import type { GateRequest } from './gate-request.ts'
import { ownerOfSession } from './habits.ts'
import { levelOf } from './levels.ts'
import type { GateNeeds } from './needs.ts'
import { type ProvedRequest, passProved } from './proved-way.ts'
import { prove, refuseUnproved } from './proving.ts'
import type { ShownProof } from '../proof/signed-request.ts'

/** A session that its own client asks about. */
export interface Attendance {
  /** Its name in every store. */
  readonly session: string
  readonly level: 1 | 2 | 3
  readonly key: 'hmac' | 'dpop'
  readonly user?: string
  readonly openedAt: Instant
  readonly expiresAt: Instant
  readonly refreshesLeft: number
  readonly networks: readonly SeenNetwork[]
  /** Its slots that have an unfinished upload. */
  readonly uploads: readonly Fingerprint[]
  /** Counts a refresh; resolves to its number. Refusals: `refreshes-exhausted`, `reauthentication-required` at level 3. */
  refresh(): Promise<number>
  end(): Promise<void>
}

/** The session that the request proves itself with, at whatever level. Refuses (`proof-required`) all others. */
export async function attend(
  request: GateRequest,
  shown: ShownProof,
  needs: GateNeeds,
): Promise<Attendance> {
  const proof = await prove(request, shown, needs)
  if (proof.kind === 'unproved') return refuseUnproved(request, proof.why, needs)
  const { id } = proof
  // What its uploads became since it was stored is to be seen, and to be ended with it.
  await needs.bound.flush()
  const session = (await needs.bound.find(proof.session.key)) ?? proof.session
  const whose = { owner: ownerOfSession(session) }
  const judged = levelOf(request, { known: session, session: session.key, whose }, needs)
  const { level } = judged.level
  const { maxRefreshes, maxSessionAge } = needs.policy()
  const { key, user, refreshes } = session.bound
  const proved: ProvedRequest = { request, proof: { ...proof, session } }
  // Looking on is no activity that makes a suspicious client less so.
  if (level < 3) await passProved(proved, needs)
  else request.adorn(nextFields(request, { id, session, level }, needs))
  return {
    session: session.key,
    level,
    key,
    ...(user === undefined ? {} : { user }),
    openedAt: session.openedAt,
    expiresAt: session.openedAt + maxSessionAge,
    refreshesLeft: Math.max(0, maxRefreshes - refreshes),
    networks: session.networks,
    uploads: session.uploads,
    async refresh(): Promise<number> {
      if (level === 3) await passProved(proved, needs)
      return await refreshed(proved, maxRefreshes, needs)
    },
    async end(): Promise<void> {
      await needs.bound.end(session)
      needs.events.ended(session.key, request.client)
    },
  }
}

/** Counts a refresh, of which a session gets so many; those that it does not get are told, too. */
async function refreshed(
  { request: { client }, proof: { session } }: ProvedRequest,
  most: number,
  { bound, events }: GateNeeds,
): Promise<number> {
  try {
    const number = await bound.refresh(session, most)
    events.refreshed(session.key, { client, number })
    return number
  } catch (error) {
    if (error instanceof Refusal) events.refreshRefused(session.key, { client, code: error.code })
    throw error
  }
}
