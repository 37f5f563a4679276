/** Who may write to a slot, among processes that share a Redis. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { randomId } from '../../src/core/random.ts'
import type { Leases } from '../../src/engine/ports.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { type RedisConnection, connectRedis } from '../../src/stores/redis/connection.ts'
import { keysBelow } from '../../src/stores/redis/keys.ts'
import { GIVE_BACK, INSIST } from '../../src/stores/redis/lease-scripts.ts'
import { redisLeases } from '../../src/stores/redis/leases.ts'
import { sharedLeases } from '../../src/stores/redis/shared-leases.ts'
import { anySlot, contend, leaseOf, leasesConformance } from '../conformance/leases.ts'
import { eventually } from './eventually.ts'
import { type RedisSite, clusterRedis, singleRedis } from './redis-servers.ts'

/** How often leases are renewed, in milliseconds. */
const RENEWAL = 5_000

const SITES: Readonly<Record<string, () => Promise<RedisSite>>> = {
  'one server': singleRedis,
  Cluster: clusterRedis,
}

for (const [name, start] of Object.entries(SITES)) {
  describe(`leases through Redis, ${name}`, () => {
    const stack = new AsyncDisposableStack()
    const prefix = randomId(6)
    const nodes: Leases[] = []
    let site: RedisSite

    async function process(): Promise<{ leases: Leases; connection: RedisConnection }> {
      const connection = stack.use(await connectRedis(site.location, { confirmed: false }))
      const needs = { connection, prefix, local: processLeases(), name: randomId(9) }
      return { leases: stack.use(await redisLeases(needs)), connection }
    }

    function node(number: number): Leases {
      const leases = nodes[number]
      assert.ok(leases)
      return leases
    }

    before(async () => {
      site = stack.use(await start())
      for (let number = 0; number < 3; number++) nodes.push((await process()).leases)
    })
    after(async () => await stack.disposeAsync())

    leasesConformance(`through Redis, ${name}`, () => node(0))

    test('a newcomer elsewhere has the holder asked once and gets the lease when it is given back', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const newcomer = contend(node(1), slot, '198.51.100.0/24')
      await holder.asked
      assert.equal(holder.rival, '198.51.100.0/24')
      held[Symbol.dispose]()
      using _lease = await leaseOf(newcomer)
      assert.equal(holder.timesAsked, 1)
      assert.equal(newcomer.timesAsked, 0)
      assert.equal(node(0).isHeld(slot), false)
      assert.equal(node(1).isHeld(slot), true)
    })

    test('of those who wait in several processes only the newest gets the lease', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const older = contend(node(1), slot)
      await holder.asked
      const newest = contend(node(2), slot)
      assert.equal(await older.outcome, 'superseded')
      held[Symbol.dispose]()
      using _lease = await leaseOf(newest)
      assert.equal(holder.timesAsked, 1)
    })

    test('a newcomer elsewhere supersedes who waits in the process of the holder', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const here = contend(node(0), slot)
      const elsewhere = contend(node(1), slot)
      assert.equal(await here.outcome, 'superseded')
      held[Symbol.dispose]()
      using _lease = await leaseOf(elsewhere)
    })

    test('a newcomer in the process of the holder gets the lease before who waited elsewhere', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const elsewhere = contend(node(1), slot)
      await holder.asked
      const here = contend(node(0), slot)
      held[Symbol.dispose]()
      const passing = await elsewhere.outcome
      if (passing !== 'superseded') {
        await elsewhere.asked
        passing[Symbol.dispose]()
      }
      using _lease = await leaseOf(here)
    })

    test('a holder that lives but does not give way is waited for', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const newcomer = contend(node(1), slot)
      await holder.asked
      const early = await Promise.race([newcomer.outcome, waited(3_000)])
      assert.equal(early, undefined, 'two seconds are for holders that are silent')
      held[Symbol.dispose]()
      using _lease = await leaseOf(newcomer)
    })

    test('a holder whose process is gone is passed over after two seconds', async () => {
      const slot = anySlot()
      const dead = await process()
      await leaseOf(contend(dead.leases, slot))
      assert.equal(await node(0).isHeldElsewhere(slot), true)
      await dead.connection[Symbol.asyncDispose]()
      const since = performance.now()
      using _lease = await leaseOf(contend(node(0), slot))
      const seconds = (performance.now() - since) / 1000
      assert.ok(seconds > 1.9 && seconds < 4, `${seconds} s`)
      assert.equal(await node(0).isHeldElsewhere(slot), false)
      assert.equal(await node(1).isHeldElsewhere(slot), true)
    })

    test('who waits elsewhere and is aborted gets the reason, and the next one the lease', async () => {
      const slot = anySlot()
      const holder = contend(node(0), slot)
      const held = await leaseOf(holder)
      const quitter = contend(node(1), slot)
      await holder.asked
      const reason = new Error('the client is gone')
      quitter.abort(reason)
      await assert.rejects(quitter.outcome, reason)
      held[Symbol.dispose]()
      using _lease = await leaseOf(contend(node(2), slot))
      assert.equal(node(1).isHeld(slot), false)
    })

    test('a lease that was given back is not renewed, and neither is one of somebody else', async () => {
      const { connection } = await process()
      const shared = sharedLeases(connection, keysBelow(prefix))
      const slot = anySlot()
      assert.equal(await shared.ask('a/1', slot), 'a/1')
      assert.equal(await shared.renew('a/1', slot), true)
      assert.equal(await shared.renew('b/1', slot), false)
      await shared.giveBack('a/1', slot)
      assert.equal(await shared.renew('a/1', slot), false)
      assert.equal(await shared.holderOf(slot), undefined)
    })

    test('a lease that ran out while it was held is taken again', async (t) => {
      const { connection } = await process()
      const shared = sharedLeases(connection, keysBelow(prefix))
      const slot = anySlot()
      t.mock.timers.enable({ apis: ['setInterval'] })
      const needs = { connection, prefix, local: processLeases(), name: randomId(9) }
      await using leases = await redisLeases(needs)
      const holder = contend(leases, slot)
      using _held = await leaseOf(holder)
      await connection.command(['del', keysBelow(prefix).lease(slot)])
      t.mock.timers.tick(RENEWAL)
      await eventually('it is held again', async () => await shared.holderOf(slot))
      assert.equal(await shared.holderOf(slot), needs.name)
      assert.equal(holder.timesAsked, 0)
    })

    test('a lease that is given back while it is taken again is free', async (t) => {
      const { connection } = await process()
      const shared = sharedLeases(connection, keysBelow(prefix))
      const slot = anySlot()
      t.mock.timers.enable({ apis: ['setInterval'] })
      const [taking, taken, returned] = [event(), event(), event()]
      let returns = 0
      const late: RedisConnection = {
        ...connection,
        run: async (call) => {
          if (call.script === INSIST) {
            taking.resolve()
            await taken.promise
          }
          const answer = await connection.run(call)
          if (call.script === GIVE_BACK) returns += 1
          if (returns === 2) returned.resolve()
          return answer
        },
      }
      const needs = { connection: late, prefix, local: processLeases(), name: randomId(9) }
      await using leases = await redisLeases(needs)
      const held = await leaseOf(contend(leases, slot))
      await connection.command(['del', keysBelow(prefix).lease(slot)])
      t.mock.timers.tick(RENEWAL)
      await taking.promise
      held[Symbol.dispose]()
      taken.resolve()
      await returned.promise
      assert.equal(await shared.holderOf(slot), undefined)
    })

    test('one slot is never held twice, whoever wants it', async () => {
      const slot = anySlot()
      let holders = 0
      const rounds = Array.from({ length: 60 }, async (_, number) => {
        const contender = contend(node(number % 3), slot)
        const lease = await contender.outcome
        if (lease === 'superseded') return
        holders += 1
        assert.equal(holders, 1)
        await Promise.race([contender.asked, waited(50)])
        holders -= 1
        lease[Symbol.dispose]()
      })
      await Promise.all(rounds)
    })
  })
}

/** Something that happens once. */
function event(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>()
}

/** Resolves to nothing after so many milliseconds. */
async function waited(milliseconds: number): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  setTimeout(() => resolve(undefined), milliseconds).unref()
  return await promise
}
