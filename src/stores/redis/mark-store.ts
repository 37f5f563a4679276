import type { Clock } from '../../core/clock.ts'
import { MOST_MARKS, type Mark, type MarkStore } from '../../abuse/ports.ts'
import { type RedisConnection, script } from './connection.ts'
import { keysBelow } from './keys.ts'

/** Forgets what has ended, puts a name in, and forgets what is too much. */
const PUT = script(`
  redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[1])
  redis.call('zadd', KEYS[1], ARGV[2], ARGV[3])
  redis.call('zremrangebyrank', KEYS[1], 0, -tonumber(ARGV[4]) - 1)
  return 1`)

/** A list in Redis, as a set that is sorted by the ends; all that use the same `prefix` share it. */
export function redisMarks(
  connection: RedisConnection,
  {
    prefix,
    list,
    clock,
  }: { readonly prefix: string; readonly list: string; readonly clock: Clock },
): MarkStore {
  const key = keysBelow(prefix).marks(list)
  return {
    put: async ({ name, until }) => {
      const args = [clock(), until, name, MOST_MARKS]
      await connection.store({ script: PUT, keys: [key], args })
    },
    remove: async (name) => Number(await connection.store(['zrem', key, name])) === 1,
    all: async () => {
      const found = await connection.command([
        'zrevrangebyscore',
        key,
        '+inf',
        `(${clock()}`,
        'withscores',
      ])
      return Array.isArray(found) ? marksIn(found) : []
    },
  }
}

/** Names and ends in turn. */
function marksIn(found: readonly unknown[]): readonly Mark[] {
  return found.flatMap((name, at) =>
    at % 2 === 0 ? [{ name: String(name), until: Number(found[at + 1]) }] : [],
  )
}
