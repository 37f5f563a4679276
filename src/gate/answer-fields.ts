import type { OutgoingHttpHeaders } from 'node:http'
import type { BoundSession } from '../sessions/session-record.ts'
import type { OpenedSession } from '../sessions/bound-sessions.ts'
import type { ProofFailure } from '../proof/verdict.ts'
import { HEADER } from '../wire/header-names.ts'
import type { GateRequest } from './gate-request.ts'
import { fieldOf } from './gate-request.ts'
import type { GateNeeds } from './needs.ts'

/** Of DPoP proofs that only lack a nonce of ours: with a fresh one they are right. */
const LACKS_NONCE: ReadonlySet<ProofFailure> = new Set(['absent', 'expired', 'nonce'])

/** Signatures that DPoP proofs may have (RFC 9449 §5.1). */
const ALGORITHMS = 'algs="ES256 EdDSA"'

/**
 * Of a 401 at level 2: what the client has to answer. The same for sessions that are known, unknown and
 * ended; whoever shows a DPoP proof is told of DPoP.
 */
export function challengeFields(
  request: GateRequest,
  why: ProofFailure,
  { proofs, policy }: Pick<GateNeeds, 'proofs' | 'policy'>,
): OutgoingHttpHeaders {
  const fields = {
    [HEADER.securityLevel]: '2',
    [HEADER.authRequired]: 'challenge-response',
    [HEADER.cacheControl]: 'no-store',
  }
  if (fieldOf(request, HEADER.dpop) !== undefined) {
    const error = LACKS_NONCE.has(why) ? 'use_dpop_nonce' : 'invalid_dpop_proof'
    return {
      ...fields,
      [HEADER.wwwAuthenticate]: `DPoP error="${error}", ${ALGORITHMS}`,
      [HEADER.dpopNonce]: proofs.dpopNonce(),
    }
  }
  const shown = fieldOf(request, HEADER.sessionId) ?? ''
  const challenge = proofs.challenge(shown, request.client, 'refusal')
  const seconds = Math.floor(policy().challengeWindow / 1000)
  return {
    ...fields,
    [HEADER.wwwAuthenticate]: `HMAC-Challenge challenge="${challenge}", realm="upload", algorithm="hmac-sha256", max-age=${seconds}`,
  }
}

/** Of a 401 at level 3: only a new slot helps. */
export const FULL_AUTHENTICATION: OutgoingHttpHeaders = {
  [HEADER.wwwAuthenticate]: 'HMAC realm="upload"',
  [HEADER.securityLevel]: '3',
  [HEADER.authRequired]: 'full-authentication',
  [HEADER.cacheControl]: 'no-store',
}

/** Of every answer to a request that proved itself with the session of that id: what its next one needs. */
export function nextFields(
  request: GateRequest,
  { id, session, level }: { id: string; session: BoundSession; level: 1 | 2 | 3 },
  { proofs }: Pick<GateNeeds, 'proofs'>,
): OutgoingHttpHeaders {
  return {
    [HEADER.securityLevel]: String(level),
    ...(session.bound.key === 'dpop'
      ? { [HEADER.dpopNonce]: proofs.dpopNonce() }
      : { [HEADER.nextChallenge]: proofs.challenge(id, request.client, 'next') }),
  }
}

/** Of the answer that tells a session to its client: the only one that ever names id and key. */
export function openingFields(
  request: GateRequest,
  { id, session, level }: OpenedSession & { readonly level: 1 | 2 | 3 },
  needs: Pick<GateNeeds, 'proofs' | 'keys' | 'policy'>,
): OutgoingHttpHeaders {
  const { kid } = session.bound
  const key = kid === undefined ? undefined : needs.keys.sessionKey(kid, id)
  const end = session.openedAt + needs.policy().maxSessionAge
  return {
    ...nextFields(request, { id, session, level }, needs),
    [HEADER.sessionId]: id,
    [HEADER.sessionExpires]: new Date(end).toUTCString(),
    [HEADER.cacheControl]: 'no-store',
    ...(key === undefined ? {} : { [HEADER.sessionKey]: key.toString('base64url') }),
  }
}
