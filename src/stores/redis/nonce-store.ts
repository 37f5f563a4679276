import type { Clock } from '../../core/clock.ts'
import type { NonceStore } from '../../proof/ports.ts'
import type { RedisConnection } from './connection.ts'
import { keysBelow } from './keys.ts'

/**
 * What was redeemed, in Redis: once, whichever of the servers that use the same `prefix` is asked.
 * The connection stays open when the store is disposed of.
 */
export function redisNonceStore(
  connection: RedisConnection,
  { prefix, clock }: { prefix: string; clock: Clock },
): NonceStore {
  const keys = keysBelow(prefix)
  return {
    redeem: async (nonce, until) => {
      const rest = Math.max(1, Math.ceil(until - clock()))
      const set = ['set', keys.nonce(nonce), '', 'nx', 'px', rest] as const
      // Stored as safely as an upload's state: a replica that becomes master must know of it.
      return (await connection.store(set)) === 'OK'
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
