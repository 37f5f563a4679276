import { answerCheck } from './challenge-answer.ts'
import { type From, challengeText } from './challenge.ts'
import { dpopCheck, dpopNonceText } from './dpop-check.ts'
import type { ProofNeeds } from './needs.ts'
import type { ShownProof, SignedRequest } from './signed-request.ts'
import type { ProofVerdict } from './verdict.ts'

/** Proof that a request comes from whoever holds the key of a session. */
export interface Proofs {
  /**
   * A challenge for whoever shows that session id, even an unknown one; '' if none is shown.
   * Nothing is stored for it.
   */
  challenge(sessionId: string, from: From, purpose: 'refusal' | 'next'): string
  /** A nonce for DPoP proofs (RFC 9449 §8), good for five minutes. */
  dpopNonce(): string
  /**
   * Checks `X-Challenge-Response` against the session's key; `key` undefined: the session is unknown
   * or has no such key, which takes the same work and is refused. What is right is redeemed, last of all.
   * Rejects with `Refusal('state-unavailable')` where that cannot be done.
   */
  checkAnswer(
    shown: ShownProof,
    request: SignedRequest,
    key: Buffer | undefined,
  ): Promise<ProofVerdict>
  /**
   * Checks the DPoP proof (RFC 9449 §4.3). `jkt` is the thumbprint that the key must have; undefined:
   * any (first use), the verdict names it; '': none has it, which is refused after the same work. Redeems and
   * rejects as `checkAnswer`.
   */
  checkDpop(
    shown: ShownProof,
    request: SignedRequest,
    jkt: string | undefined,
  ): Promise<ProofVerdict>
}

export function proofs(needs: ProofNeeds): Proofs {
  return {
    challenge: (sessionId, from, purpose) => {
      const { challengeWindow, nextChallengeLife } = needs.policy()
      const life = purpose === 'next' ? nextChallengeLife : challengeWindow
      return challengeText(needs, { sessionId, from, life })
    },
    dpopNonce: () => dpopNonceText(needs),
    checkAnswer: answerCheck(needs),
    checkDpop: dpopCheck(needs),
  }
}
