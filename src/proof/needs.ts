import type { Clock } from '../core/clock.ts'
import type { NonceStore } from './ports.ts'
import type { ProofKeys } from './proof-keys.ts'

/** How long challenges are good for, and where. */
export interface ProofPolicy {
  /** Milliseconds for which a challenge in a refusal is good. */
  readonly challengeWindow: number
  /** Milliseconds for which the next challenge, told in a success, is good. */
  readonly nextChallengeLife: number
  /** What a challenge is bound to beside its session: nothing, the client's network, or its address. */
  readonly address: 'off' | 'prefix' | 'exact'
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
