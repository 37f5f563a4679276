/** Servers of several processes each that share files and a Redis: one client, any process. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { append, created, head } from '../app/rufh-client.ts'
import { parsed } from '../app/site.ts'
import { type SignedPut, signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'
import { type Reply, type Wire, ask, dial, headOf } from '../app/wire-client.ts'
import { eventually } from './eventually.ts'
import { type FileServer, SECRETS, startFileServer } from './file-server.ts'
import { type RedisServer, startRedis } from './redis-servers.ts'
import { seedOfThisRun, seededRandom } from './seeded-random.ts'
import { tempFolder } from './temp-folder.ts'

const PREFIX = '/upload/'
const SIZE = 1_000_000
const STEP = 10_000

/** The processes that serve the clients of a node, in the order of their start. */
function workersOf({ program }: FileServer): number[] {
  return linesOf(program)
    .filter(({ msg }) => msg === 'worker started')
    .map(({ worker }) => Number(worker))
}

/** Those that answered so far. */
function answeredBy({ program }: FileServer): ReadonlySet<unknown> {
  const answers = linesOf(program).filter(({ method }) => method === 'HEAD')
  return new Set(answers.map(({ worker }) => worker))
}

function linesOf({ log }: FileServer['program']): ReturnType<typeof parsed>[] {
  const lines = log().split('\n')
  return lines.filter((line) => line.startsWith('{')).map(parsed)
}

/** Sends some bytes of the rest of an upload, and then no word more. */
async function leftOpen(node: FileServer, target: string, rest: SignedPut): Promise<Wire> {
  const wire = await dial(node.port)
  wire.send(headOf({ ...rest, target }))
  wire.send(rest.body.subarray(0, STEP))
  return wire
}

function restOf(put: SignedPut, target: string, offset: number): SignedPut {
  return append(target, 8, { offset, bytes: put.body.subarray(offset), isComplete: true })
}

/** How far the upload is; the slot may have to become free of a process that was killed. */
async function offsetAt(node: FileServer, target: string): Promise<number> {
  const reply = await eventually('the upload can go on', async (): Promise<Reply | undefined> => {
    const answer = await ask(node.port, head(target, 8))
    return answer.status === 503 ? undefined : answer
  })
  assert.equal(reply.status, 204)
  return Number(reply.headers['upload-offset'])
}

describe('servers of two processes that share a Redis', () => {
  const stack = new AsyncDisposableStack()
  const random = seededRandom(seedOfThisRun())
  const nodes: FileServer[] = []
  let redis: RedisServer

  function putOf(path: string): SignedPut {
    return signedPut(path, random.bytes(SIZE), { secret: SECRETS.v1, prefix: PREFIX })
  }

  async function assertFile(put: SignedPut): Promise<void> {
    const [target = ''] = put.target.slice(1).split('?')
    for (const node of nodes) assert.ok((await contentOf(node, target)).equals(put.body))
  }

  /** Resolves when so many uploads are being written to. */
  async function held(count: number): Promise<void> {
    await eventually(`${count} uploads are held`, async () => {
      const keys = redis.cli('keys', 'hfs:lease:*').split('\n')
      return keys.filter(Boolean).length === count ? true : undefined
    })
  }

  before(async () => {
    redis = stack.use(await startRedis())
    const files = join(stack.use(await tempFolder('shared')).path, 'files')
    const config = {
      server: { workers: 2 },
      storage: { url: `file:${files}`, fsync: 'ack' },
      session_store: { backend: 'redis', redis_url: `redis://127.0.0.1:${redis.port}` },
      http: { body_idle: '10m' },
      log: { level: 'debug', format: 'json' },
    }
    for (let count = 0; count < 2; count += 1) {
      nodes.push(stack.use(await startFileServer({ config })))
    }
  })
  after(async () => await stack.disposeAsync())

  test(`the seed of this run is ${random.seed}`, () => {})

  test('an upload goes on at the byte in every process of every node', async (t) => {
    const [a, b] = nodes
    assert.ok(a !== undefined && b !== undefined)
    const put = putOf('every/process.bin')
    const target = await created(a, put)
    const left: Wire[] = []
    let offset = 0
    let switches = 0
    // Chance decides which process of a node accepts a connection.
    const wasEverywhere = (): boolean => nodes.every((node) => answeredBy(node).size === 2)
    while (!wasEverywhere() && offset < SIZE - STEP) {
      const [here, there] = switches % 2 === 0 ? [a, b] : [b, a]
      left.push(await leftOpen(here, target, restOf(put, target, offset)))
      await held(1)
      const told = await offsetAt(there, target)
      assert.ok(told >= offset, `${told} after ${offset}`)
      offset = told
      switches += 1
    }
    t.diagnostic(`${switches} switches, ${offset} bytes`)
    assert.ok(wasEverywhere(), 'some process never had the upload')
    assert.equal((await ask(b.port, restOf(put, target, offset))).status, 201)
    for (const wire of left) await wire.ended
    await assertFile(put)
  })

  test('the uploads of a process that is killed go on in the others, here and elsewhere', async () => {
    const [a, b] = nodes
    assert.ok(a !== undefined && b !== undefined)
    const puts = Array.from({ length: 8 }, (_, number) => putOf(`killed/${number}.bin`))
    const open = await Promise.all(
      puts.map(async (put) => {
        const target = await created(a, put)
        // What was told is durable; what is still on its way need not be.
        const first = append(target, 8, {
          offset: 0,
          bytes: put.body.subarray(0, STEP),
          isComplete: false,
        })
        assert.equal((await ask(a.port, first)).status, 204)
        return { put, target, wire: await leftOpen(a, target, restOf(put, target, STEP)) }
      }),
    )
    await held(puts.length)
    const [victim = 0] = workersOf(a)
    process.kill(victim, 'SIGKILL')
    await a.program.line(/a worker ended by itself and is replaced/u)
    for (const [number, { put, target }] of open.entries()) {
      const node: FileServer = number % 2 === 0 ? a : b
      const offset = await offsetAt(node, target)
      assert.ok(offset >= STEP, `${offset} of ${STEP}`)
      assert.equal((await ask(node.port, restOf(put, target, offset))).status, 201)
      await assertFile(put)
    }
    for (const { wire } of open) wire[Symbol.dispose]()
    await eventually('the process is replaced', async () =>
      workersOf(a).length === 3 ? true : undefined,
    )
  })

  test('an upload whose whole node is killed goes on at another', async () => {
    const [a, b] = nodes
    assert.ok(a !== undefined && b !== undefined)
    const put = putOf('killed/node.bin')
    const target = await created(a, put)
    using wire = await leftOpen(a, target, restOf(put, target, 0))
    await held(1)
    a.program.signal('SIGKILL')
    await wire.ended
    const offset = await offsetAt(b, target)
    assert.equal((await ask(b.port, restOf(put, target, offset))).status, 201)
    const [path = ''] = put.target.slice(1).split('?')
    assert.ok((await contentOf(b, path)).equals(put.body))
  })
})
