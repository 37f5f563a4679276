/** One upload that goes on at another server with every request, its earlier senders left half-open. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { randomId } from '../../src/core/random.ts'
import type { UploadEngine } from '../../src/engine/engine.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { connectRedis } from '../../src/stores/redis/connection.ts'
import { redisLeases } from '../../src/stores/redis/leases.ts'
import { redisNotices } from '../../src/stores/redis/notices.ts'
import { redisSlotStore } from '../../src/stores/redis/slot-store.ts'
import { type SentBody, sentBody } from '../engine/bodies.ts'
import { type Fixture, blobCount, fixture } from '../engine/fixture.ts'
import { clientAt, grantFor } from '../engine/grants.ts'
import { type RedisSite, clusterRedis, singleRedis } from './redis-servers.ts'
import { seedOfThisRun, seededRandom } from './seeded-random.ts'

const SIZE = 400_000
const NODES = 3
const SWITCHES = 40

/** An engine with connections of its own, as another server has them. */
async function nodeOn(
  { location }: RedisSite,
  f: Fixture,
  stack: AsyncDisposableStack,
): Promise<UploadEngine> {
  const connection = stack.use(await connectRedis(location, { confirmed: true }))
  const needs = { connection, prefix: 'hfs', local: processLeases(), name: randomId(9) }
  return stack.use(
    f.another({
      slots: redisSlotStore(connection, 'hfs'),
      leases: stack.use(await redisLeases(needs)),
      notices: await redisNotices(connection, 'hfs'),
    }),
  )
}

for (const [name, start] of Object.entries({
  'one Redis': singleRedis,
  'a Cluster': clusterRedis,
})) {
  test(`an upload survives ${SWITCHES} switches between servers on ${name}`, async (t) => {
    await using stack = new AsyncDisposableStack()
    const site = stack.use(await start())
    const f = stack.use(await fixture({ fsync: 'ack' }))
    const nodes: UploadEngine[] = []
    for (let number = 0; number < NODES; number++) nodes.push(await nodeOn(site, f, stack))
    const random = seededRandom(seedOfThisRun())
    t.diagnostic(`SEED=${random.seed}`)
    const bytes = random.bytes(SIZE)
    const anyNode = (): UploadEngine => nodes[random.integer(0, NODES - 1)] ?? f.engine
    const grant = grantFor('a', SIZE)
    const client = clientAt('127.0.0.2')
    await anyNode().create({ grant, client, face: 'rufh', resource: 'r' })

    const senders: SentBody[] = []
    const appends: Promise<unknown>[] = []
    const takeovers: number[] = []
    let told = 0
    for (let number = 0; number < SWITCHES; number++) {
      const node = anyNode()
      const since = performance.now()
      const status = await node.status({ resource: 'r', client })
      takeovers.push(performance.now() - since)
      assert.ok(status.kind === 'status')
      const { offset } = status
      assert.ok(offset >= told, `${offset} after ${told}`)
      told = offset
      const body = sentBody()
      senders.push(body)
      appends.push(anyNode().append({ resource: 'r', client, offset, body, completes: false }))
      const length = random.integer(0, Math.floor(SIZE / SWITCHES))
      await body.send(bytes.subarray(offset, Math.min(SIZE - 1, offset + length)))
    }
    const last = anyNode()
    const status = await last.status({ resource: 'r', client })
    assert.ok(status.kind === 'status' && status.offset >= told)
    const rest = sentBody()
    const { offset } = status
    const done = last.append({ resource: 'r', client, offset, body: rest, completes: true })
    await rest.send(bytes.subarray(offset))
    rest.end()
    const outcome = await done
    assert.ok(outcome.kind === 'published')
    assert.ok(
      senders.every(({ isCut }) => isCut),
      'no earlier sender is left',
    )
    await Promise.all(appends)

    const hash = createHash('sha256')
    for (const reader of nodes) {
      const found = await reader.lookup(grant.path)
      assert.ok(found.kind === 'published' && found.file.id === outcome.file.id)
    }
    const range = { start: 0, end: SIZE }
    await anyNode().read(outcome.file, { range, take: (piece) => void hash.update(piece) })
    assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'))
    assert.deepEqual(await blobCount(f), { parts: 0, files: 1 })
    const sorted = takeovers.toSorted((a, b) => a - b)
    const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    t.diagnostic(`takeover: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`)
  })
}
