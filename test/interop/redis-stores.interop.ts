/** Everything that is kept in Redis, on one server, behind Sentinel and in a Cluster. */
import { after, before, describe } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { randomId } from '../../src/core/random.ts'
import { type RedisConnection, connectRedis } from '../../src/stores/redis/connection.ts'
import { redisCounters } from '../../src/stores/redis/counters.ts'
import { redisMarks } from '../../src/stores/redis/mark-store.ts'
import { redisNonceStore } from '../../src/stores/redis/nonce-store.ts'
import { redisSessionStore } from '../../src/stores/redis/session-store.ts'
import { redisSlotStore } from '../../src/stores/redis/slot-store.ts'
import { countersConformance } from '../conformance/counters.ts'
import { markStoreConformance } from '../conformance/mark-store.ts'
import { nonceStoreConformance } from '../conformance/nonce-store.ts'
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
    let site: RedisSite
    let connection: RedisConnection

    before(async () => {
      site = stack.use(await start())
      connection = stack.use(await connectRedis(site.location, { confirmed: true }))
    })
    after(async () => await stack.disposeAsync())

    slotStoreConformance(name, async () => redisSlotStore(connection, randomId(6)))
    sessionStoreConformance(name, async () => redisSessionStore(connection, randomId(6)))

    const needs = { prefix: randomId(6), clock: systemClock }
    nonceStoreConformance(name, {
      open: async () => ({ store: redisNonceStore(connection, needs), now: systemClock }),
      beside: async () => {
        const other = await connectRedis(site.location, { confirmed: true })
        const store = redisNonceStore(other, needs)
        return {
          store: {
            ...store,
            [Symbol.asyncDispose]: async () => await other[Symbol.asyncDispose](),
          },
          now: systemClock,
        }
      },
    })
    markStoreConformance(name, async (t, clock) => {
      const other = await connectRedis(site.location, { confirmed: true })
      t.after(async () => await other[Symbol.asyncDispose]())
      const list = { prefix: randomId(6), list: 'findings', clock }
      return [redisMarks(connection, list), redisMarks(other, list)]
    })
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
