import { LRUCache } from 'lru-cache'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import type { Counters } from '../../abuse/ports.ts'

/** Names counted at a time unless told; one takes less than a KiB. */
const NAMES = 16_384

/**
 * Counts of this process. Of more than `names` names at a time the one that was quiet for longest
 * is forgotten, so that those who come from everywhere cannot fill the memory.
 */
export function memoryCounters({ names = NAMES } = {}): Counters {
  // The caller compares; what is allowed is no business of the library here.
  const limiter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 1 })
  const known = new LRUCache<string, true>({
    max: names,
    dispose: (_, name) => void limiter.delete(name),
  })
  return {
    async add(name, window) {
      known.set(name, true)
      const customDuration = Math.floor(window / 1000)
      const { consumedPoints, msBeforeNext } = await limiter.penalty(name, 1, { customDuration })
      return { count: consumedPoints, remaining: msBeforeNext }
    },
    async keep(name, { count, remaining }) {
      known.set(name, true)
      await limiter.set(name, count, Math.floor(remaining / 1000))
    },
  }
}
