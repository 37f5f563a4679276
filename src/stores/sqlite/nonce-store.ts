import type { Clock } from '../../core/clock.ts'
import type { NonceStore } from '../../proof/ports.ts'
import type { SqliteState } from './state.ts'

/** Ended ones removed with each new one: more than one, so that they go faster than new ones come. */
const REMOVED_AT_ONCE = 4

/**
 * What was redeemed, in an open state file: once, whichever of the processes that share the file
 * is asked. Trouble with the file is `Refusal('state-unavailable')`.
 */
export function sqliteNonces({ database, writer }: SqliteState, clock: Clock): NonceStore {
  const redeem = database.prepare(
    'INSERT INTO nonces (nonce, redeemed_until) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const removeEnded = database.prepare(
    `DELETE FROM nonces WHERE nonce IN
       (SELECT nonce FROM nonces WHERE redeemed_until <= ? ORDER BY redeemed_until LIMIT ?)`,
  )
  return {
    redeem: async (nonce, until) =>
      await writer.write(() => {
        removeEnded.run(clock(), REMOVED_AT_ONCE)
        return redeem.run(nonce, until).changes === 1
      }),
    [Symbol.asyncDispose]: async () => {},
  }
}
