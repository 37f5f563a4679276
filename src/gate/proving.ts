import { Refusal } from '../core/refusals.ts'
import type { SignedRequest, ShownProof } from '../proof/signed-request.ts'
import type { ProofFailure, ProofVerdict } from '../proof/verdict.ts'
import { sessionNameOf } from '../sessions/bound-sessions.ts'
import type { BoundSession } from '../sessions/session-record.ts'
import { FULL_AUTHENTICATION, challengeFields } from './answer-fields.ts'
import { countFailure } from './failures.ts'
import { type GateRequest, signedRequestOf } from './gate-request.ts'
import { learnFailure } from './habits.ts'
import type { GateNeeds } from './needs.ts'

/** What a request is known to be, or why it is not. */
export type Proof =
  | { readonly kind: 'proved'; readonly id: string; readonly session: BoundSession }
  | { readonly kind: 'unproved'; readonly why: ProofFailure }

/** Failures that an honest client meets, too: it forgot, waited, or lost an answer. */
const INNOCENT: ReadonlySet<ProofFailure> = new Set([
  'absent',
  'expired',
  'address',
  'nonce',
  'used',
])

/** Whether the request comes from whoever has the key of the session that it names. Refuses (`too-many-failures`) who guesses, and (`banned`, `session-banned`) users and sessions that are not served. */
export async function prove(
  request: GateRequest,
  shown: ShownProof,
  needs: GateNeeds,
): Promise<Proof> {
  const { sessionId: id } = shown
  const name = id === undefined ? undefined : sessionNameOf(id)
  const session = name === undefined ? undefined : await needs.bound.find(name)
  const signed = signedRequestOf(request, needs.prefix)
  const verdict = await check({ shown, signed, session }, needs)
  if (verdict.kind === 'proved' && session !== undefined && id !== undefined) {
    needs.abuse.refuseBanned(request.client, session.bound.user)
    needs.threats.refuseBanned({ name: session.key, confirmedAt: session.bound.confirmedAt })
    needs.threats.proved(request, session.key)
    return { kind: 'proved', id, session }
  }
  const why = verdict.kind === 'refused' ? verdict.why : 'unknown-session'
  // Of one that nobody ever proved a proxy may be to blame that changes all requests.
  if (session?.bound.provedAt !== undefined)
    needs.threats.failed(request, { session: session.key, why })
  await failed(request, { session: name, why }, needs)
  return { kind: 'unproved', why }
}

/** The thumbprint of the key that a first DPoP proof shows; refuses (`proof-required`) a wrong proof. */
export async function proveFirst(
  request: GateRequest,
  shown: ShownProof,
  needs: GateNeeds,
): Promise<string> {
  const signed = signedRequestOf(request, needs.prefix)
  const verdict = await needs.proofs.checkDpop(shown, signed, undefined)
  if (verdict.kind === 'proved' && verdict.jkt !== undefined) return verdict.jkt
  const why = verdict.kind === 'refused' ? verdict.why : 'key'
  await failed(request, { session: undefined, why }, needs)
  return refuseUnproved(request, why, needs)
}

/** Ends a request (`proof-required`) with a challenge. */
export function refuseUnproved(
  request: GateRequest,
  why: ProofFailure,
  needs: Pick<GateNeeds, 'proofs' | 'policy'>,
): never {
  request.adorn(challengeFields(request, why, needs))
  throw new Refusal('proof-required', { why })
}

/** Ends a request (`reauthentication-required`) of a client that needs a new slot. */
export function refuseFully(request: GateRequest, why: string): never {
  request.adorn(FULL_AUTHENTICATION)
  throw new Refusal('reauthentication-required', { why })
}

interface Claimed {
  readonly shown: ShownProof
  readonly signed: SignedRequest
  readonly session: BoundSession | undefined
}

/** As much work for a session that is unknown or of the other kind. */
async function check({ shown, signed, session }: Claimed, needs: GateNeeds): Promise<ProofVerdict> {
  const { proofs, keys } = needs
  if (shown.dpop !== undefined) {
    return await proofs.checkDpop(shown, signed, session?.bound.jkt ?? '')
  }
  const key = keys.sessionKey(session?.bound.kid ?? keys.kid, shown.sessionId ?? '')
  return await proofs.checkAnswer(shown, signed, session?.bound.key === 'hmac' ? key : undefined)
}

async function failed(
  request: GateRequest,
  { session, why }: { session: string | undefined; why: ProofFailure },
  needs: GateNeeds,
): Promise<void> {
  if (!INNOCENT.has(why)) {
    learnFailure(request, needs)
    await countFailure(request, needs, session)
  }
  // Whoever failed too often gets no line each time.
  needs.events.unproved({ session, client: request.client, why })
}
