import type { Instant } from '../core/clock.ts'

/** What was redeemed once, for as long as it could be shown again. */
export interface NonceStore extends AsyncDisposable {
  /**
   * Redeems a nonce: resolves to `true` the first time and to `false` from then until `until`, on
   * whatever server. Of two calls at once, one gets `true`. A store that cannot be reached rejects
   * with `Refusal('state-unavailable')`; the nonce may be redeemed then.
   */
  redeem(nonce: string, until: Instant): Promise<boolean>
}
