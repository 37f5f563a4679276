import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { OperatorError } from '../core/operator-error.ts'
import { randomId } from '../core/random.ts'
import { type RedisLocation, showRedisLocation } from '../core/redis-location.ts'
import { Refusal } from '../core/refusals.ts'
import { processLeases } from '../stores/memory/leases.ts'
import { type RedisConnection, connectRedis } from '../stores/redis/connection.ts'
import { redisCounters } from '../stores/redis/counters.ts'
import { redisLeases } from '../stores/redis/leases.ts'
import { redisMarks } from '../stores/redis/mark-store.ts'
import { exchangeMasterKeyName } from '../stores/redis/master-key-name.ts'
import { redisNonceStore } from '../stores/redis/nonce-store.ts'
import { redisNotices } from '../stores/redis/notices.ts'
import { type Shortcoming, shortcomings } from '../stores/redis/requirements.ts'
import { redisSessionStore } from '../stores/redis/session-store.ts'
import { redisSlotStore } from '../stores/redis/slot-store.ts'
import type { Records } from './records.ts'

/** What the names of all keys begin with. */
const PREFIX = 'hfs'

/**
 * The stores in the configured Redis, with leases and notices that other servers see, too.
 * Throws an `OperatorError` if Redis can't be reached or could lose what is acknowledged.
 */
export async function openRedisRecords(
  config: Config,
  opened: AsyncDisposableStack,
): Promise<Records> {
  const { redisUrl } = config.sessionStore
  if (redisUrl === undefined) throw new OperatorError('session_store.redis_url is not set')
  const durable = config.storage.fsync === 'ack'
  const connection = opened.use(await connectRedis(redisUrl, { confirmed: durable }))
  const found = await checked(connection, { redisUrl, durable })
  const [fatal] = found.filter((one) => one.fatal)
  if (fatal !== undefined) {
    throw new OperatorError(
      `Redis at ${showRedisLocation(redisUrl)} would lose uploads: ${fatal.text}`,
    )
  }
  const needs = { connection, prefix: PREFIX, local: processLeases(), name: randomId(12) }
  return {
    slots: redisSlotStore(connection, PREFIX),
    sessions: redisSessionStore(connection, PREFIX),
    nonces: redisNonceStore(connection, { prefix: PREFIX, clock: systemClock }),
    marks: (list) => redisMarks(connection, { prefix: PREFIX, list, clock: systemClock }),
    counters: (kind) => redisCounters(connection, `${PREFIX}:${kind}`),
    leases: opened.use(await redisLeases(needs)),
    notices: await redisNotices(connection, PREFIX),
    exchangeMasterKeyName: async (kid) => await exchangeMasterKeyName(kid, needs),
    warnings: found.map(({ text }) => `Redis: ${text}`),
  }
}

/** What is wrong with the settings of the configured Redis, which is only looked at. */
export async function redisShortcomings(config: Config): Promise<readonly Shortcoming[]> {
  const { redisUrl } = config.sessionStore
  if (config.sessionStore.backend !== 'redis' || redisUrl === undefined) return []
  const durable = config.storage.fsync === 'ack'
  try {
    await using connection = await connectRedis(redisUrl, { confirmed: false })
    return await checked(connection, { redisUrl, durable })
  } catch (error) {
    if (error instanceof OperatorError) return [{ fatal: true, text: error.message }]
    throw error
  }
}

async function checked(
  connection: RedisConnection,
  { redisUrl, durable }: { redisUrl: RedisLocation; durable: boolean },
): Promise<readonly Shortcoming[]> {
  try {
    return await shortcomings(connection.nodes(), { durable })
  } catch (error) {
    const cause = error instanceof Refusal ? error.cause : error
    throw new OperatorError(`Redis at ${showRedisLocation(redisUrl)} cannot be used`, cause)
  }
}
