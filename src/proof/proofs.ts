import type { Clock } from '../core/clock.ts'
import type { NonceStore } from './ports.ts'
import type { ProofKeys } from './proof-keys.ts'
import type { ShownProof, SignedRequest } from './signed-request.ts'
import type { ProofVerdict } from './verdict.ts'

/** Where a challenge is asked for from. */
export type From = Pick<SignedRequest, 'network' | 'address'>

/** How long challenges are good for, and where. */
export interface ProofPolicy {
  /** Milliseconds for which a challenge in a refusal is good. */
  readonly challengeWindow: number
  /** Milliseconds for which the next challenge, told in a success, is good. */
  readonly nextChallengeLife: number
  /** What a challenge is bound to beside its session: nothing, the client's network, or its address. */
  readonly address: 'off' | 'prefix' | 'exact'
}

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

/** What proofs work with. */
export interface ProofNeeds {
  readonly keys: ProofKeys
  readonly nonces: NonceStore
  readonly clock: Clock
  /** Random text of so many bytes, base64url. */
  readonly newId: (bytes: number) => string
  readonly policy: () => ProofPolicy
  /** What clients know the server as; the `Host` of a request means nothing. */
  readonly publicUrl: URL
}
