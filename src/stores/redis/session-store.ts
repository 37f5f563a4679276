import type { SessionStore } from '../../sessions/ports.ts'
import type { SessionRecord } from '../../sessions/session-record.ts'
import type { Command } from './command.ts'
import { type RedisConnection, script, valuesOf } from './connection.ts'
import { type Bucket, type Keys, keysBelow } from './keys.ts'
import { parseSessionText, parseTexts } from './stored-text.ts'

/** Sessions written at once: more would keep Redis from others. */
const BATCH = 256

/**
 * Keys: opened and idle of the bucket, then one per session.
 * Arguments: for each session its key, when it was opened, since when it is idle (empty: it is not), its text.
 */
const SAVE = script(`
for number = 3, #KEYS do
  local at = (number - 3) * 4
  local key, opened, idle, text = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  redis.call('SET', KEYS[number], text)
  redis.call('ZADD', KEYS[1], opened, key)
  if idle == '' then redis.call('ZREM', KEYS[2], key)
  else redis.call('ZADD', KEYS[2], idle, key) end
end`)

/** Keys as above, for one session; arguments as above, then the revision that it must be at. */
const REPLACE = script(`
local found = redis.call('GET', KEYS[3])
if not found or cjson.decode(found)['revision'] ~= tonumber(ARGV[5]) then return 0 end
redis.call('SET', KEYS[3], ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if ARGV[3] == '' then redis.call('ZREM', KEYS[2], ARGV[1])
else redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1]) end
return 1`)

/** Keys as above; arguments: the key of each session. Returns how many there were. */
const REMOVE = script(`
local removed = 0
for number = 3, #KEYS do
  removed = removed + redis.call('DEL', KEYS[number])
  redis.call('ZREM', KEYS[1], ARGV[number - 2])
  redis.call('ZREM', KEYS[2], ARGV[number - 2])
end
return removed`)

/**
 * Records of sessions in Redis, shared by all processes that use the same `prefix`. The
 * connection stays open when the store is disposed of.
 */
export function redisSessionStore(connection: RedisConnection, prefix: string): SessionStore {
  const keys = keysBelow(prefix)

  async function earliest(
    command: (bucket: Bucket) => Command,
    order: (session: SessionRecord) => number,
  ): Promise<readonly SessionRecord[]> {
    const found = keys.buckets.map(async (bucket) => {
      const names = parseTexts(await connection.command(command(bucket)))
      const texts = await valuesOf(names.map(bucket.session), connection)
      return texts.flatMap((text) => parseSessionText(text) ?? [])
    })
    return (await Promise.all(found)).flat().toSorted((a, b) => order(a) - order(b))
  }

  return {
    async find(key) {
      return parseSessionText(await connection.command(['get', keys.bucketOf(key).session(key)]))
    },
    async save(records) {
      const writes = batches(records, ({ key }) => key, keys).map(async ([bucket, batch]) => {
        const places = batch.map(({ key }) => bucket.session(key))
        const args = batch.flatMap(argumentsOf)
        await connection.store({
          script: SAVE,
          keys: [bucket.opened, bucket.idle, ...places],
          args,
        })
      })
      await Promise.all(writes)
    },
    replace: async (record, revision) =>
      await replaced(record, { revision, bucket: keys.bucketOf(record.key) }, connection),
    async remove(names) {
      const writes = batches(names, (name) => name, keys).map(
        async (batch) => await removed(batch, connection),
      )
      return sumOf(await Promise.all(writes))
    },
    async count() {
      const counts = keys.buckets.map(async ({ opened }) =>
        Number(await connection.command(['zcard', opened])),
      )
      return sumOf(await Promise.all(counts))
    },
    async openedBefore(moment, limit) {
      const range = ['-inf', moment, 'BYSCORE', 'LIMIT', 0, limit] as const
      const first = (bucket: Bucket): Command => ['zrange', bucket.opened, ...range]
      return (await earliest(first, openedAt)).slice(0, limit)
    },
    async idle(limit) {
      const first = (bucket: Bucket): Command => ['zrange', bucket.idle, 0, limit - 1]
      return (await earliest(first, lastActiveAt)).slice(0, limit)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function removed(
  [bucket, names]: readonly [Bucket, readonly string[]],
  connection: RedisConnection,
): Promise<number> {
  const places = names.map(bucket.session)
  const done = await connection.store({
    script: REMOVE,
    keys: [bucket.opened, bucket.idle, ...places],
    args: names,
  })
  return Number(done)
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

async function replaced(
  record: SessionRecord,
  { revision, bucket }: { revision: number; bucket: Bucket },
  connection: RedisConnection,
): Promise<boolean> {
  const done = await connection.store({
    script: REPLACE,
    keys: [bucket.opened, bucket.idle, bucket.session(record.key)],
    args: [...argumentsOf(record), revision],
  })
  return done === 1
}

function argumentsOf(session: SessionRecord): readonly (string | number)[] {
  const idleSince = session.uploads.length === 0 ? session.lastActiveAt : ''
  return [session.key, session.openedAt, idleSince, JSON.stringify(session)]
}

function openedAt(session: SessionRecord): number {
  return session.openedAt
}

function lastActiveAt(session: SessionRecord): number {
  return session.lastActiveAt
}

/** The items by the bucket they belong to, not too many at a time. */
function batches<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  keys: Keys,
): readonly (readonly [Bucket, readonly T[]])[] {
  const grouped = Map.groupBy(items, (item) => keys.bucketOf(keyOf(item)))
  return [...grouped].flatMap(([bucket, group]) =>
    Array.from({ length: Math.ceil(group.length / BATCH) }, (_, number) => {
      const start = number * BATCH
      return [bucket, group.slice(start, start + BATCH)] as const
    }),
  )
}
