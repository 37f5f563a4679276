/** What a Redis may do to us: settings that lose writes, a failover, a replica that goes away. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { randomId } from '../../src/core/random.ts'
import type { RedisLocation } from '../../src/core/redis-location.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { isReserving, type SlotRecord } from '../../src/engine/slot-record.ts'
import { type RedisConnection, connectRedis } from '../../src/stores/redis/connection.ts'
import { keysBelow } from '../../src/stores/redis/keys.ts'
import { shortcomings } from '../../src/stores/redis/requirements.ts'
import { sharedLeases } from '../../src/stores/redis/shared-leases.ts'
import { redisSlotStore } from '../../src/stores/redis/slot-store.ts'
import { collect, slotRecord, uploadRecord } from '../conformance/slot-store.ts'
import { eventually } from './eventually.ts'
import {
  DURABLE,
  type RedisServer,
  clusterRedis,
  sentinelRedis,
  singleRedis,
  startRedis,
} from './redis-servers.ts'
import { seedOfThisRun, seededRandom } from './seeded-random.ts'

const UNAVAILABLE = { code: 'state-unavailable' }

function locationAt(port: number, more: Partial<RedisLocation> = {}): RedisLocation {
  const hosts = [{ host: '127.0.0.1', port }]
  return { kind: 'single', hosts, master: '', database: 0, tls: false, ...more }
}

async function shortcomingsOf(port: number, durable: boolean): Promise<readonly unknown[]> {
  await using connection = await connectRedis(locationAt(port), { confirmed: false })
  const found = await shortcomings(connection.nodes(), { durable })
  return found.map(({ fatal, text }) => `${fatal ? 'fatal' : 'warning'}: ${text}`)
}

/** A master with a replica that follows it. */
async function mirroredRedis(): Promise<Mirrored> {
  await using stack = new AsyncDisposableStack()
  const master = stack.use(await startRedis())
  const replicaOf = ['--replicaof', `127.0.0.1 ${master.port}`]
  const replica = stack.use(await startRedis([...DURABLE, ...replicaOf]))
  await eventually('the replica follows', async () =>
    master.cli('info', 'replication').includes('state=online') ? true : undefined,
  )
  const kept = stack.move()
  return { master, replica, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

interface Mirrored extends AsyncDisposable {
  readonly master: RedisServer
  readonly replica: RedisServer
}

/** Stores records until `isOver`; resolves to those that were acknowledged. */
async function storeWhile(
  connection: RedisConnection,
  prefix: string,
  isOver: () => boolean,
): Promise<readonly string[]> {
  const store = redisSlotStore(connection, prefix)
  const acknowledged: string[] = []
  while (!isOver()) {
    const record = slotRecord()
    try {
      await store.create(record)
      acknowledged.push(record.fingerprint)
    } catch (error) {
      unavailable(error)
      await pause(10)
    }
  }
  return acknowledged
}

describe('settings', () => {
  test('a Redis that keeps what it acknowledged has no shortcomings', async () => {
    await using redis = await startRedis()
    assert.deepEqual(await shortcomingsOf(redis.port, true), [])
  })

  test('settings that lose acknowledged writes are fatal where these must survive, and named', async () => {
    const settings = ['--appendonly', 'yes', '--appendfsync', 'everysec']
    await using redis = await startRedis([...settings, '--maxmemory-policy', 'allkeys-lru'])
    const place = `127.0.0.1:${redis.port}`
    assert.deepEqual(await shortcomingsOf(redis.port, true), [
      `fatal: ${place} has "maxmemory-policy allkeys-lru": it may throw records away when memory is short; set "maxmemory-policy noeviction" in redis.conf`,
      `fatal: ${place} has "appendfsync everysec": it acknowledges writes that a crash loses (or choose storage.fsync = "complete"); set "appendfsync always" in redis.conf`,
    ])
    assert.deepEqual(
      (await shortcomingsOf(redis.port, false)).map((text) => String(text).slice(0, 20)),
      [`warning: ${place}`.slice(0, 20)],
    )
  })

  test('a Redis without an append-only file forgets everything', async () => {
    await using redis = await startRedis([])
    const found = await shortcomingsOf(redis.port, true)
    assert.match(String(found), /^fatal: .*"appendonly no": it may forget everything/u)
  })

  test('a Redis that does not tell its settings is warned of', async () => {
    await using redis = await startRedis([...DURABLE, '--rename-command', 'CONFIG', ''])
    const found = await shortcomingsOf(redis.port, true)
    assert.match(String(found), /^warning: .*does not tell its settings/u)
  })

  test('a wrong password ends the start at once, and stands in no message', async () => {
    await using redis = await startRedis()
    redis.cli('config', 'set', 'requirepass', 'right')
    for (const more of [{}, { password: 'hidden' }]) {
      await assert.rejects(
        connectRedis(locationAt(redis.port, more), { confirmed: false }),
        (error) => {
          assert.match(String(error), /Redis at redis:.* cannot be used: .*(?:NOAUTH|WRONGPASS)/u)
          assert.ok(!String(error).includes('hidden'))
          return true
        },
      )
    }
    const location = locationAt(redis.port, { password: 'right' })
    await using connection = await connectRedis(location, { confirmed: false })
    assert.equal(await connection.command(['ping']), 'PONG')
  })
})

describe('losses', () => {
  test('what is derived from records is what they say, whatever was cut while they changed', async () => {
    await using site = await singleRedis()
    await using connection = await connectRedis(site.location, { confirmed: true })
    const store = redisSlotStore(connection, randomId(6))
    const random = seededRandom(seedOfThisRun())
    const slots = Array.from({ length: 40 }, () => slotRecord({ owner: 'romeo' }))
    const step = async (): Promise<void> => {
      const slot = slots[random.integer(0, slots.length - 1)] ?? slotRecord()
      const stored = await store.create(slot)
      const uploads = [uploadRecord({ state: random.integer(0, 1) ? 'receiving' : 'aborted' })]
      const next = { ...stored, uploads, lease: { epoch: stored.lease.epoch + 1, id: randomId(6) } }
      if (random.integer(0, 3) === 0) await store.remove(stored.fingerprint, stored.lease)
      else await store.replace({ ...next, size: random.integer(0, 1000) }, stored.lease)
    }
    for (let round = 0; round < 100; round++) {
      const steps = Array.from({ length: 20 }, async () => await step().catch(unavailable))
      if (round % 5 === 0) site.servers[0]?.cli('client', 'kill', 'type', 'normal')
      await Promise.all(steps)
    }
    await eventually('the connection is back', async () => await store.ping().then(() => true))
    const open = (await collect(store.all())).filter(isReserving)
    const bytes = open.reduce((sum, { size }) => sum + size, 0)
    assert.deepEqual(
      await store.reserved('romeo'),
      { uploads: open.length, bytes },
      `SEED=${random.seed}`,
    )
    assert.deepEqual(names(await collect(store.reserving())), names(open))
  })

  test('behind Sentinel a failover loses nothing that was acknowledged, and needs nobody', async (t) => {
    await using site = await sentinelRedis()
    await using connection = await connectRedis(site.location, { confirmed: true })
    const prefix = randomId(6)
    let isOver = false
    const storing = storeWhile(connection, prefix, () => isOver)
    await pause(300)
    await site.servers[0]?.kill()
    const since = performance.now()
    const store = redisSlotStore(connection, prefix)
    await eventually(
      'writes work again',
      async () => await store.create(slotRecord()).then(() => true),
    )
    t.diagnostic(`without a master for ${((performance.now() - since) / 1000).toFixed(1)} s`)
    await pause(200)
    isOver = true
    const acknowledged = await storing
    const stored = new Set<string>(
      (await collect(store.all())).map(({ fingerprint }) => fingerprint),
    )
    assert.ok(acknowledged.length > 20)
    assert.deepEqual(
      acknowledged.filter((name) => !stored.has(name)),
      [],
    )
  })

  test('sentinels and nodes that are gone are passed over at the start', async () => {
    const gone = { host: '127.0.0.1', port: 1 }
    for (const begin of [sentinelRedis, clusterRedis]) {
      await using site = await begin()
      const location = { ...site.location, hosts: [gone, ...site.location.hosts] }
      await using connection = await connectRedis(location, { confirmed: true })
      await redisSlotStore(connection, randomId(6)).ping()
    }
  })

  test('without any server the start fails with the reason', async () => {
    for (const kind of ['single', 'sentinel', 'cluster'] as const) {
      const location = locationAt(1, { kind, master: kind === 'sentinel' ? 'state' : '' })
      await assert.rejects(connectRedis(location, { confirmed: false }), {
        name: 'OperatorError',
        message: /^Redis at .* cannot be used: .*(?:ECONNREFUSED|unreachable|closed)/u,
      })
    }
  })

  test('what no replica confirms is not acknowledged, until there is none', async () => {
    await using servers = await mirroredRedis()
    const { master, replica } = servers
    await using connection = await connectRedis(locationAt(master.port), { confirmed: true })
    const store = redisSlotStore(connection, randomId(6))
    await store.create(slotRecord())
    replica.program().signal('SIGSTOP')
    await assert.rejects(store.create(slotRecord()), { ...UNAVAILABLE, facts: NOT_CONFIRMED })
    replica.program().signal('SIGCONT')
    await eventually(
      'it confirms again',
      async () => await store.create(slotRecord()).then(() => true),
    )
    await replica.kill()
    await eventually(
      'the master goes on alone',
      async () => await store.create(slotRecord()).then(() => true),
    )
  })

  test('a replica that does not answer keeps nobody from reading or from leases, and holds all writes up once', async () => {
    await using servers = await mirroredRedis()
    const { master, replica } = servers
    await using connection = await connectRedis(locationAt(master.port), { confirmed: true })
    const prefix = randomId(6)
    const store = redisSlotStore(connection, prefix)
    const leases = sharedLeases(connection, keysBelow(prefix))
    const known = await store.create(slotRecord())
    replica.program().signal('SIGSTOP')
    try {
      const since = performance.now()
      const writes = Array.from({ length: 8 }, async () => await store.create(slotRecord()))
      const refused = Promise.allSettled(writes)
      await eventually('a write waits for the replica', async () =>
        master.cli('info', 'clients').includes('blocked_clients:1') ? true : undefined,
      )
      assert.deepEqual(await store.find(known.fingerprint), known)
      assert.equal(await leases.ask('a/1', known.fingerprint), 'a/1')
      assert.ok(performance.now() - since < 900, 'none of it waited')
      for (const write of await refused) {
        assert.ok(write.status === 'rejected')
        assert.deepEqual(write.reason.facts, NOT_CONFIRMED)
      }
      assert.ok(performance.now() - since < 1_900, 'the writes waited together')
    } finally {
      replica.program().signal('SIGCONT')
    }
  })

  test('many writes at once are confirmed together, each with its own answer', async () => {
    await using servers = await mirroredRedis()
    const { master, replica } = servers
    await using connection = await connectRedis(locationAt(master.port), { confirmed: true })
    const store = redisSlotStore(connection, randomId(6))
    const records = Array.from({ length: 200 }, () => slotRecord())
    const created = records.map(async (record) => await store.create(record))
    assert.deepEqual(await Promise.all(created), records)
    const stale = { epoch: 99, id: 'stale' }
    const replaced = records.map(
      async (record, at) => await store.replace(record, at % 2 === 0 ? record.lease : stale),
    )
    assert.deepEqual(
      await Promise.all(replaced),
      records.map((_, at) => at % 2 === 0),
    )
    assert.equal(replica.cli('dbsize'), master.cli('dbsize'))
    const waits = Number(/cmdstat_wait:calls=(\d+)/u.exec(master.cli('info', 'commandstats'))?.[1])
    assert.ok(waits > 0 && waits < 40, `${waits} waits for 400 writes`)
  })

  test('in a cluster the slots of a server that is gone are refused, and come back with it', async () => {
    await using site = await clusterRedis()
    await using connection = await connectRedis(site.location, { confirmed: true })
    const store = redisSlotStore(connection, randomId(6))
    const records = Array.from({ length: 60 }, () => slotRecord())
    for (const record of records) await store.create(record)
    await site.servers[0]?.kill()
    const found = await Promise.allSettled(
      records.map(async (each) => await store.find(each.fingerprint)),
    )
    const lost = found.filter(({ status }) => status === 'rejected')
    assert.ok(lost.length > 0, 'some stood there')
    for (const one of lost) {
      assert.ok(one.status === 'rejected')
      assert.equal(one.reason.code, 'state-unavailable')
    }
    await site.servers[0]?.start()
    for (const record of records) {
      const again = await eventually(
        'all come back',
        async () => await store.find(record.fingerprint),
      )
      assert.deepEqual(again, record)
    }
  })
})

function names(records: readonly SlotRecord[]): readonly string[] {
  return records.map(({ fingerprint }) => fingerprint).toSorted()
}

const NOT_CONFIRMED = { why: 'no replica confirmed the write' }

/** A step that the state refused may have happened or not. */
function unavailable(error: unknown): void {
  assert.ok(error instanceof Refusal, String(error))
  assert.equal(error.code, 'state-unavailable')
}
