import type { Clock, Instant } from '../../core/clock.ts'
import type { NonceStore } from '../../proof/ports.ts'

/** Entries looked at in each call: more than one, so that what has ended goes faster than new ones come. */
const LOOKED_AT = 4

/** What was redeemed, in the memory of this process: for a server of one process, until it ends. */
export function memoryNonceStore(clock: Clock): NonceStore {
  const redeemed = new Map<string, Instant>()
  let round = redeemed.entries()

  /** Goes on with a round over all of them: they end in no order. */
  function removeEnded(now: Instant): void {
    for (let look = 0; look < LOOKED_AT; look += 1) {
      const { value, done } = round.next()
      if (done === true) {
        round = redeemed.entries()
        return
      }
      const [nonce, until] = value
      if (until <= now) redeemed.delete(nonce)
    }
  }

  return {
    redeem: async (nonce, until) => {
      const now = clock()
      removeEnded(now)
      const isFirst = (redeemed.get(nonce) ?? now) <= now
      if (isFirst) redeemed.set(nonce, until)
      return isFirst
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
