/** Everything that is kept in Redis, on one server, behind Sentinel and in a Cluster. */
import { after, before, describe } from 'node:test'
import { randomId } from '../../src/core/random.ts'
import { type RedisConnection, connectRedis } from '../../src/stores/redis/connection.ts'
import { redisCounters } from '../../src/stores/redis/counters.ts'
import { redisSessionStore } from '../../src/stores/redis/session-store.ts'
import { redisSlotStore } from '../../src/stores/redis/slot-store.ts'
import { countersConformance } from '../conformance/counters.ts'
import { sessionStoreConformance } from '../conformance/session-store.ts'
import { slotStoreConformance } from '../conformance/slot-store.ts'
import { type RedisSite, clusterRedis, sentinelRedis, singleRedis } from './redis-servers.ts'

const SITES: Readonly<Record<string, () => Promise<RedisSite>>> = {
  'one server': singleRedis,
  Sentinel: sentinelRedis,
  Cluster: clusterRedis,
}

for (const [name, start] of Object.entries(SITES)) {
  describe(`Redis, ${name}`, () => {
    const stack = new AsyncDisposableStack()
    let connection: RedisConnection

    before(async () => {
      const site = stack.use(await start())
      connection = stack.use(await connectRedis(site.location, { confirmed: true }))
    })
    after(async () => await stack.disposeAsync())

    slotStoreConformance(name, async () => redisSlotStore(connection, randomId(6)))
    sessionStoreConformance(name, async () => redisSessionStore(connection, randomId(6)))
    countersConformance(name, async () => {
      const prefix = randomId(6)
      return {
        counters: redisCounters(connection, prefix),
        pass: async (counted, milliseconds) => {
          const key = `${prefix}:count:${counted}`
          const left = Number(await connection.command(['pttl', key])) - milliseconds
          await connection.command(left > 0 ? ['pexpire', key, left] : ['del', key])
        },
      }
    })
  })
}
