import type { Fingerprint } from '../../core/slot-path.ts'
import type { Notices } from '../../engine/ports.ts'
import type { RedisConnection } from './connection.ts'
import { keysBelow } from './keys.ts'
import { parseFingerprint } from './stored-text.ts'

/** Tells all processes that share a Redis, this one included, which slots were published. */
export async function redisNotices(connection: RedisConnection, prefix: string): Promise<Notices> {
  const { published } = keysBelow(prefix)
  const listeners = new Set<(slot: Fingerprint) => void>()
  await connection.subscribe(published, (text) => {
    const slot = parseFingerprint(text)
    for (const listener of listeners) listener(slot)
  })
  return {
    announce(slot) {
      // Who waits in vain is told to ask again.
      connection.command(['publish', published, slot]).catch(() => {})
    },
    subscribe(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => listeners.delete(listener) }
    },
  }
}
