import { CLOCK_SKEW } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { nextFields } from './answer-fields.ts'
import { countOpening } from './failures.ts'
import { type GateRequest, visitorOf } from './gate-request.ts'
import { type Level, levelOf } from './levels.ts'
import type { GateNeeds } from './needs.ts'
import type { Admission, Judge, Passage } from './passage.ts'
import { type Proof, refuseFully } from './proving.ts'
import { refuseStranger } from './unbound-way.ts'

type Proved = Extract<Proof, { kind: 'proved' }>

/** A request that proved itself. */
export interface ProvedRequest {
  readonly request: GateRequest
  readonly proof: Proved
}

/** Lets a proved request use an upload of its session. Refuses (`reauthentication-required`) at level 3. */
export async function passProved(proved: ProvedRequest, needs: GateNeeds): Promise<Passage> {
  const { session } = proved.proof
  const level = levelOf(proved.request, { known: session }, needs)
  if (level.level === 3) return refuseLevel(proved, level, needs)
  await accept({ ...proved, verdict: 'passed' }, level, needs)
  return { session: session.key, judge: ownJudge(proved, needs) }
}

/**
 * Lets a proved request use the slot of a grant: one that is the session's, or a fresh one of the same
 * user, which joins it and lifts level 3. Refusals: `session-foreign`, `reauthentication-required`.
 */
export async function admitProved<T>(
  proved: ProvedRequest & { readonly grant: Grant },
  use: (admission: Admission) => Promise<T>,
  needs: GateNeeds,
): Promise<T> {
  const { request, proof, grant } = proved
  const { session } = proof
  const isShared = await isSharedUser(proved, needs)
  const level = levelOf(request, { known: session, expiry: grant.expiresAt }, needs)
  if (level.level === 3) {
    if (!isShared || isExpired(grant, needs)) return refuseLevel(proved, level, needs)
    return await confirmed({ ...proved, level }, use, needs)
  }
  await accept({ ...proved, verdict: 'passed' }, level, needs)
  const binds = isShared ? { binds: session.key } : {}
  return await use({
    grant,
    passage: { session: session.key, ...binds, judge: ownJudge(proved, needs) },
  })
}

/**
 * Whether session and grant name the same user, so that a fresh slot joins the session. Refuses
 * (`session-foreign`) other users, and fresh slots that name nobody.
 */
async function isSharedUser(
  { request, proof, grant }: ProvedRequest & { readonly grant: Grant },
  needs: GateNeeds,
): Promise<boolean> {
  const user = needs.userOf(grant)
  const { uploads, bound } = proof.session
  const isShared = user !== undefined && user === bound.user
  const isForeign = user !== undefined && bound.user !== undefined && !isShared
  if (isForeign) throw new Refusal('session-foreign')
  if (uploads.includes(grant.fingerprint)) return isShared
  if (isShared) await countOpening(request, needs, user)
  else if (!(await needs.isUsed(grant.path)))
    throw new Refusal('session-foreign', { why: 'no user' })
  return isShared
}

/** The proof of one session is none for the slots of another. */
function ownJudge({ request, proof }: ProvedRequest, needs: GateNeeds): Judge {
  return async (slot) => {
    const isOwn = slot.session === undefined || slot.session === proof.session.key
    return isOwn ? 'pass' : await refuseStranger({ request, slot, why: 'foreign' }, needs)
  }
}

/** A slot that was never used before shows that its user is logged in: it lifts level 3. */
async function confirmed<T>(
  { request, proof, grant, level }: ProvedRequest & { grant: Grant; level: Level },
  use: (admission: Admission) => Promise<T>,
  needs: GateNeeds,
): Promise<T> {
  const { session } = proof
  const startedAt = needs.clock()
  const passage: Passage = {
    session: session.key,
    binds: session.key,
    judge: async (slot) => {
      const isOld = slot.fingerprint === grant.fingerprint && slot.openedAt < startedAt
      return isOld ? refuseLevel({ request, proof }, level, needs) : 'pass'
    },
  }
  const result = await use({ grant, passage })
  await accept({ request, proof, verdict: 'confirmed' }, level, needs)
  return result
}

async function accept(
  { request, proof, verdict }: ProvedRequest & { verdict: 'passed' | 'confirmed' },
  level: Level,
  needs: GateNeeds,
): Promise<void> {
  const { id, session } = proof
  const { client } = request
  await needs.bound.proved(session, visitorOf(request))
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

function isExpired({ expiresAt }: Grant, { clock }: GateNeeds): boolean {
  return expiresAt !== undefined && expiresAt + CLOCK_SKEW < clock()
}
