import { RateLimiterRedis } from 'rate-limiter-flexible'
import type { Counters } from '../../abuse/ports.ts'
import type { RedisConnection } from './connection.ts'
import { answered } from './redis-errors.ts'

/** Counts that all processes with the same `prefix` share. They end by themselves. */
export function redisCounters({ client }: RedisConnection, prefix: string): Counters {
  // The caller compares; what is allowed is no business of the library here.
  const limiter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix: `${prefix}:count`,
    points: Number.MAX_SAFE_INTEGER,
    duration: 1,
  })
  return {
    async add(name, window) {
      const customDuration = Math.floor(window / 1000)
      const added = limiter.penalty(name, 1, { customDuration })
      const { consumedPoints, msBeforeNext } = await answered(added)
      return { count: consumedPoints, remaining: msBeforeNext }
    },
    async keep(name, { count, remaining }) {
      await answered(limiter.set(name, count, Math.floor(remaining / 1000)))
    },
  }
}
