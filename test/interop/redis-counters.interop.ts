/** Limits that several servers share, and what is left of them without Redis. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abuse } from '../../src/abuse/abuse.ts'
import { type FindingStore, findingStore } from '../../src/abuse/finding-store.ts'
import { findings } from '../../src/abuse/findings.ts'
import type { MarkStore } from '../../src/abuse/ports.ts'
import { PATTERNS } from '../../src/risk/threats/pattern.ts'
import { insuredCounters } from '../../src/abuse/insured-counters.ts'
import type { Counters } from '../../src/abuse/ports.ts'
import { systemClock } from '../../src/core/clock.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'
import { type RedisConnection, connectRedis } from '../../src/stores/redis/connection.ts'
import { redisCounters } from '../../src/stores/redis/counters.ts'
import { redisMarks } from '../../src/stores/redis/mark-store.ts'
import { eventually } from './eventually.ts'
import { singleRedis } from './redis-servers.ts'

const PRESENTER = { network: '192.0.2.0/24' }

/** Limits of 2 failures as one server applies them. */
function limitsWith(failures: Counters) {
  return abuse({
    failures,
    uploads: memoryCounters(),
    policy: () => ({
      failuresPerNetwork: 2,
      failuresPerSession: 0,
      failureWindow: 300_000,
      failureBlock: 60_000,
      uploadsPerUser: 0,
      uploadsWindow: 1000,
      bannedNetworks: [],
      bannedUsers: [],
    }),
  })
}

test('servers that share a Redis count failures together, for the window and the wait', async () => {
  await using site = await singleRedis()
  await using first = await connectRedis(site.location, { confirmed: false })
  await using second = await connectRedis(site.location, { confirmed: false })
  const [here, there] = [first, second].map((connection) =>
    limitsWith(redisCounters(connection, 'hfs')),
  )
  assert.ok(here !== undefined && there !== undefined)
  assert.equal(await here.failed(PRESENTER), undefined)
  assert.equal(await there.failed(PRESENTER), undefined)
  assert.equal(await here.failed(PRESENTER), 60)
  const rest = (await there.failed(PRESENTER)) ?? 0
  assert.ok(rest > 50 && rest <= 60, `${rest} s`)
  const keys = site.servers[0]?.cli('keys', '*') ?? ''
  assert.match(keys, /^hfs:count:n[\w-]{3}\s*$/u)
})

test('without Redis a server counts for itself, and with the others again when it is back', async () => {
  await using site = await singleRedis()
  await using connection = await connectRedis(site.location, { confirmed: false })
  const shared = redisCounters(connection, 'hfs')
  const limits = limitsWith(insuredCounters(shared, memoryCounters()))
  assert.equal(await limits.failed(PRESENTER), undefined)
  await site.servers[0]?.kill()
  assert.equal(await limits.failed(PRESENTER), undefined)
  assert.equal(await limits.failed(PRESENTER), undefined)
  assert.equal(await limits.failed(PRESENTER), 60)
  await site.servers[0]?.start()
  await eventually('the connection is back', async () => {
    const answer = await connection.command(['ping']).catch(() => undefined)
    return answer === 'PONG' ? true : undefined
  })
  assert.equal(await limits.failed(PRESENTER), undefined)
  assert.equal(await limits.failed(PRESENTER), 60)
})

function findingsIn(connection: RedisConnection): FindingStore {
  const marks = (list: string): MarkStore =>
    redisMarks(connection, { prefix: 'hfs', list, clock: systemClock })
  const found = new Map(PATTERNS.map((pattern) => [pattern, marks(pattern)]))
  return findingStore({ found, ended: marks('ended') })
}

test('what one server found holds on the other, also while Redis is away, and what is found meanwhile when it is back', async () => {
  await using site = await singleRedis()
  await using first = await connectRedis(site.location, { confirmed: false })
  await using second = await connectRedis(site.location, { confirmed: false })
  const [here, there] = [first, second].map((connection) =>
    findings({ store: findingsIn(connection), clock: systemClock }),
  )
  assert.ok(here !== undefined && there !== undefined)
  const at = systemClock()
  const until = at + 60_000
  const subject = `network:${PRESENTER.network}`
  here.note({ pattern: 'failing-proofs', subject, at, until }, { isShared: true })
  await here.refresh()
  await there.refresh()
  assert.ok(there.find('failing-proofs', subject))
  await site.servers[0]?.kill()
  here.note({ pattern: 'grant-on-two-networks', subject, at, until }, { isShared: true })
  await here.refresh()
  await there.refresh()
  assert.ok(there.find('failing-proofs', subject))
  assert.ok(!there.find('grant-on-two-networks', subject))
  await site.servers[0]?.start()
  await eventually('the other server knows', async () => {
    await here.refresh()
    await there.refresh()
    return there.find('grant-on-two-networks', subject) ? true : undefined
  })
})
