import { CLOCK_SKEW } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import type { Visit } from '../sessions/session-life.ts'
import type { BoundSession } from '../sessions/session-record.ts'
import { visitOf } from '../sessions/visitor.ts'
import { nextFields } from './answer-fields.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import { learnFrom, ownerOfSession } from './habits.ts'
import { type Judged, type Level, levelOf } from './levels.ts'
import type { GateNeeds } from './needs.ts'
import type { Admission, Judge, Passage } from './passage.ts'
import { type Proof, refuseFully } from './proving.ts'
import { refuseStranger, unboundJudge } from './unbound-way.ts'

type Proved = Extract<Proof, { kind: 'proved' }>

/** A request that proved itself. */
export interface ProvedRequest {
  readonly request: GateRequest
  readonly proof: Proved
}

/** Lets a proved request use an upload of its session. Refuses (`reauthentication-required`) at level 3. */
export async function passProved(proved: ProvedRequest, needs: GateNeeds): Promise<Passage> {
  const { request, proof } = proved
  const { session } = proof
  const visit = visitOf(visitorOf(request), needs)
  const whose = { owner: ownerOfSession(session) }
  const circumstances = { known: session, session: session.key, whose, visit }
  const judged = levelOf(request, circumstances, needs)
  const { level } = judged
  if (level.level === 3) return refuseLevel(proved, level, needs)
  await accept({ request, proof, visit, verdict: 'passed' }, judged, needs)
  return { session: session.key, judge: provedJudge(proved, needs) }
}

/** A request that proved itself, and whose grant is right. */
interface GrantedRequest extends ProvedRequest {
  readonly grant: Grant
}

/**
 * Lets a proved request use the slot of a grant: one that is the session's, or a fresh one of the same
 * user, which joins it and lifts level 3. That is stored before the slot is used, so that nothing that
 * becomes of the upload takes it back. Refusals: `session-foreign`, `reauthentication-required`.
 */
export async function admitProved<T>(
  granted: GrantedRequest,
  use: (admission: Admission) => Promise<T>,
  needs: GateNeeds,
): Promise<T> {
  const { request, proof, grant } = granted
  const { session } = proof
  const isShared = await isSharedUser(granted, needs)
  const visit = visitOf(visitorOf(request), needs)
  const whose = { owner: ownerOfSession(session), size: grant.size }
  const { expiresAt: expiry } = grant
  const circumstances = { known: session, session: session.key, whose, expiry, visit }
  const judged = levelOf(request, circumstances, needs)
  const { level } = judged
  const lifts = level.level === 3 && isShared && (await isFresh(granted, needs))
  if (level.level === 3 && !lifts) return refuseLevel(granted, level, needs)
  const verdict = lifts ? 'confirmed' : 'passed'
  if (lifts) await confirm(session, needs)
  await accept({ request, proof, visit, verdict }, judged, needs)
  const binds = isShared ? { binds: session.key } : {}
  const judge = provedJudge(granted, needs)
  return await use({ grant, passage: { session: session.key, ...binds, judge } })
}

/** Noted in the session, too, which every process reads: those that know of a finding learn a second later that it ended. */
async function confirm(session: BoundSession, needs: GateNeeds): Promise<void> {
  await needs.bound.confirmed(session, needs.clock())
  await needs.threats.confirmed(session.key)
}

/**
 * Whether session and grant name the same user, so that a fresh slot joins the session. Refuses
 * (`session-foreign`) other users, and fresh slots that name nobody.
 */
async function isSharedUser({ proof, grant }: GrantedRequest, needs: GateNeeds): Promise<boolean> {
  const user = needs.userOf(grant)
  const { uploads, bound } = proof.session
  const isShared = user !== undefined && user === bound.user
  const isForeign = user !== undefined && bound.user !== undefined && !isShared
  if (isForeign) throw new Refusal('session-foreign')
  if (isShared || uploads.includes(grant.fingerprint)) return isShared
  if (!(await needs.isUsed(grant.path))) throw new Refusal('session-foreign', { why: 'no user' })
  return false
}

/**
 * Whether the grant shows that its user is logged in now: it was given out by whoever knows the user, no
 * earlier than the session was last heard of as far as it says so, and was never used.
 */
async function isFresh({ proof, grant }: GrantedRequest, needs: GateNeeds): Promise<boolean> {
  const { expiresAt = Infinity, issuedAt = Infinity, refresh, path } = grant
  const isTimely =
    expiresAt + CLOCK_SKEW >= needs.clock() && issuedAt + CLOCK_SKEW >= proof.session.lastActiveAt
  return refresh === undefined && isTimely && !(await needs.isUsed(path))
}

/** The proof of one session is none for the slots of another, and says nothing of those that have none. */
function provedJudge(
  { request, proof, grant }: ProvedRequest & Partial<GrantedRequest>,
  needs: GateNeeds,
): Judge {
  let unbound: Judge | undefined
  return async (slot, circumstances) => {
    if (slot.session === undefined) {
      const shown = { grantExpiry: grant?.expiresAt, hasGrant: grant !== undefined }
      // One for all its slots: what it let pass once is not judged again.
      unbound ??= unboundJudge({ request, begins: false, ...shown }, needs)
      return await unbound(slot, circumstances)
    }
    if (slot.session !== proof.session.key)
      return await refuseStranger({ request, slot, why: 'foreign' }, needs)
    needs.threats.used(request, slot)
    const { key: name, bound } = proof.session
    needs.threats.refuseBanned({ name, confirmedAt: bound.confirmedAt })
    if (grant?.refresh !== undefined)
      await needs.bound.useRefresh(proof.session, grant.refresh.number)
    return 'pass'
  }
}

/** A request that is let in. */
interface AcceptedRequest extends ProvedRequest {
  readonly visit: Visit
  readonly verdict: 'passed' | 'confirmed'
}

async function accept(
  { request, proof, visit, verdict }: AcceptedRequest,
  { level, sighting }: Judged,
  needs: GateNeeds,
): Promise<void> {
  const { id, session } = proof
  const { client } = request
  await needs.bound.proved(session, visit)
  learnFrom(sighting, needs)
  needs.events.decided({ session: session.key, client, isBound: true, ...level, verdict })
  const told = verdict === 'confirmed' ? 1 : level.level
  request.adorn(nextFields(request, { id, session, level: told }, needs))
}

function refuseLevel({ request, proof }: ProvedRequest, level: Level, needs: GateNeeds): never {
  const { key: session } = proof.session
  const { client } = request
  needs.events.decided({ session, client, isBound: true, ...level, verdict: 'refused' })
  return refuseFully(request, level.reasons.join(' '))
}
