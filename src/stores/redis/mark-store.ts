import type { Clock } from '../../core/clock.ts'
import { MOST_MARKS, type Mark, type MarkStore } from '../../abuse/ports.ts'
import type { RedisConnection } from './connection.ts'
import { keysBelow } from './keys.ts'

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
      await connection.command(['zremrangebyscore', key, '-inf', clock()])
      await connection.store(['zadd', key, until, name])
      await connection.command(['zremrangebyrank', key, 0, -MOST_MARKS - 1])
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
