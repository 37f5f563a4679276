/** Several servers that share files and a Redis; and a Redis that goes away and comes back. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ClientRequest } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from './eventually.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { type Answer, answerTo, get, openRequest, put } from './http-client.ts'
import { runCommand } from './kept-data.ts'
import { type RedisServer, startRedis } from './redis-servers.ts'
import { type SeededRandom, seedOfThisRun, seededRandom } from './seeded-random.ts'
import { signedUrl } from './signed-url.ts'
import { tempFolder } from './temp-folder.ts'

/** Uploads that an interrupted Redis has to cope with. */
const UPLOADS = 120
const CONCURRENCY = 8
const KILLS = 3

/** A file of this size is recorded before its last byte came. */
const RECORDED = 17 * 2 ** 20

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Starts a PUT and sends the first bytes of its body; resolves when they are on their way. */
async function openPut(
  server: FileServer,
  path: string,
  { body, first }: { body: Buffer; first: number },
): Promise<{ request: ClientRequest; ending: Promise<Answer | 'cut'> }> {
  const headers = { 'Content-Length': body.length }
  const request = openRequest(signedUrl(server, path, body.length), { method: 'PUT', headers })
  const ending = endingOf(request)
  await sent(request, body.subarray(0, first))
  return { request, ending }
}

async function sent(request: ClientRequest, bytes: Buffer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  request.write(bytes, () => resolve())
  await promise
}

/** The answer, or that the connection was cut without one. */
async function endingOf(request: ClientRequest): Promise<Answer | 'cut'> {
  return await answerTo(request).catch(() => 'cut' as const)
}

describe('servers that share a Redis', () => {
  const stack = new AsyncDisposableStack()
  const random = seededRandom(seedOfThisRun())
  let redis: RedisServer
  let files: string
  let a: FileServer
  let b: FileServer

  async function startNode(): Promise<FileServer> {
    return await startFileServer({
      config: {
        storage: { url: `file:${files}`, fsync: 'ack' },
        // All uploads come from one network here; how many it may have open is not the question.
        limits: { open_uploads_per_owner: 1000 },
        threats: { uploads_deleted_for_abuse: 'ban', abuse_deletes: 1 },
        session_store: { backend: 'redis', redis_url: `redis://127.0.0.1:${redis.port}` },
      },
    })
  }

  before(async () => {
    redis = stack.use(await startRedis())
    files = join(stack.use(await tempFolder('shared')).path, 'files')
    a = stack.use(await startNode())
    b = stack.use(await startNode())
  })
  after(async () => await stack.disposeAsync())

  test(`the seed of this run is ${random.seed}`, () => {})

  test('a PUT on one server takes the place of a half-open PUT on another', async (t) => {
    const body = random.bytes(100_000)
    const old = await openPut(a, 'takeover/1.bin', { body, first: 50_000 })
    await eventually('the first server has the lease', async () =>
      redis.cli('keys', 'hfs:lease:*').includes('hfs:lease:') ? true : undefined,
    )
    const since = performance.now()
    const answer = await put(signedUrl(b, 'takeover/1.bin', body.length), body)
    t.diagnostic(`taken over and uploaded in ${(performance.now() - since).toFixed(1)} ms`)
    assert.equal(answer.status, 201, b.program.log())
    assert.equal(await old.ending, 'cut')
    for (const server of [a, b]) {
      const read = await get(`${server.publicUrl}takeover/1.bin`)
      assert.deepEqual([read.status, read.sha256], [200, digest(body)])
    }
  })

  test('a PUT that is repeated on another server is answered as on the first', async () => {
    const body = random.bytes(10_000)
    for (const server of [a, b, a]) {
      const answer = await put(signedUrl(server, 'repeat/1.bin', body.length), body)
      assert.equal(answer.status, 201)
    }
    const other = await put(signedUrl(b, 'repeat/1.bin', body.length), random.bytes(10_000))
    assert.equal(other.status, 409)
  })

  test("an operator's commands see and remove what any server published", async () => {
    const body = random.bytes(1000)
    await put(signedUrl(a, 'operator/1.bin', 1000), body)
    assert.match(await runCommand(b, 'files', 'list'), /operator\/1\.bin/u)
    await runCommand(b, 'files', 'delete', `${b.publicUrl}operator/1.bin`)
    await eventually('every server knows', async () =>
      (await get(`${a.publicUrl}operator/1.bin`)).status === 404 ? true : undefined,
    )
    assert.equal((await put(signedUrl(a, 'operator/1.bin', 1000), body)).status, 409)
    assert.match(await runCommand(b, 'check'), /The configuration is valid/u)
  })

  test('a user whose file was removed for abuse beside one server is banned on all, until that is lifted', async () => {
    // How ejabberd names the user of a slot.
    const user = createHash('sha1').update('romeo@montague.example').digest('hex')
    const body = random.bytes(1000)
    const status = async (server: FileServer, name: string): Promise<number> =>
      (await put(signedUrl(server, `${user}/x/${name}`, body.length), body)).status
    assert.equal(await status(a, 'bad.bin'), 201)
    const url = `${b.publicUrl}${user}/x/bad.bin`
    assert.match(await runCommand(b, 'files', 'delete', '--reason', 'abuse', url), /ban for 1h/u)
    let number = 0
    for (const server of [a, b])
      await eventually('the ban holds', async () =>
        (await status(server, `${number++}.bin`)) === 403 ? true : undefined,
      )
    assert.equal((await put(signedUrl(a, 'other/1.bin', body.length), body)).status, 201)
    await runCommand(a, 'threats', 'lift', `user:${user}`)
    for (const server of [a, b])
      await eventually('the ban is lifted', async () =>
        (await status(server, `${number++}.bin`)) === 201 ? true : undefined,
      )
  })

  test('many PUTs of one slot on both servers leave one whole file', async () => {
    const body = random.bytes(300_000)
    const puts = Array.from({ length: 20 }, async (_, number) => {
      const url = signedUrl(number % 2 === 0 ? a : b, 'race/1.bin', body.length)
      return await put(url, body).catch(() => 'cut' as const)
    })
    const answers = await Promise.all(puts)
    const kinds = new Set(answers.map((answer) => (answer === 'cut' ? answer : answer.status)))
    assert.ok(kinds.has(201), [...kinds].join(' '))
    assert.ok(
      [...kinds].every((kind) => kind === 'cut' || kind === 201),
      [...kinds].join(' '),
    )
    const read = await get(`${a.publicUrl}race/1.bin`)
    assert.deepEqual([read.status, read.sha256], [200, digest(body)])
  })

  test('a reader who waits on one server gets the file that is published on the other', async () => {
    const body = random.bytes(RECORDED + 1000)
    const upload = await openPut(b, 'wait/1.bin', { body, first: RECORDED })
    await eventually('the upload is known to others', async () => await isRecorded(redis))
    const reading = get(`${a.publicUrl}wait/1.bin`)
    const early = await Promise.race([reading, pause(500)])
    assert.equal(early, undefined, 'the reader waits')
    upload.request.end(body.subarray(RECORDED))
    const ended = await upload.ending
    assert.equal(ended === 'cut' ? ended : ended.status, 201)
    const read = await reading
    assert.deepEqual([read.status, read.sha256], [200, digest(body)])
  })

  test('what a server that was killed held is free after two seconds', async (t) => {
    await using c = await startNode()
    const body = random.bytes(100_000)
    const old = await openPut(c, 'killed/1.bin', { body, first: 50_000 })
    await eventually('the lease is held', async () =>
      redis.cli('keys', 'hfs:lease:*').includes('hfs:lease:') ? true : undefined,
    )
    c.program.signal('SIGKILL')
    await old.ending
    const since = performance.now()
    const answer = await put(signedUrl(b, 'killed/1.bin', body.length), body)
    const seconds = (performance.now() - since) / 1000
    t.diagnostic(`free after ${seconds.toFixed(2)} s`)
    assert.equal(answer.status, 201, b.program.log())
    assert.ok(seconds < 4, `${seconds} s`)
  })

  test('what a server held that was shut down is free at once', async (t) => {
    const body = random.bytes(100_000)
    const since = await (async () => {
      await using c = await startNode()
      const old = await openPut(c, 'shutdown/1.bin', { body, first: 50_000 })
      c.program.signal('SIGTERM')
      await old.ending
      await c.program.ended
      return performance.now()
    })()
    const answer = await put(signedUrl(b, 'shutdown/1.bin', body.length), body)
    const milliseconds = performance.now() - since
    t.diagnostic(`free after ${milliseconds.toFixed(0)} ms`)
    assert.equal(answer.status, 201, b.program.log())
    assert.ok(milliseconds < 1_900, `${milliseconds} ms`)
  })

  test('a server that starts leaves the uploads of the others alone', async () => {
    const body = random.bytes(RECORDED + 1000)
    const upload = await openPut(a, 'start/1.bin', { body, first: RECORDED })
    await eventually('the upload is recorded', async () => await isRecorded(redis))
    await using _c = await startNode()
    upload.request.end(body.subarray(RECORDED))
    const ended = await upload.ending
    assert.equal(ended === 'cut' ? ended : ended.status, 201, a.program.log())
  })

  test('without Redis uploads get 503, files that are known are still read, and all comes back', async () => {
    const body = random.bytes(1000)
    await put(signedUrl(a, 'lost/known.bin', 1000), body)
    assert.equal((await get(`${a.publicUrl}lost/known.bin`)).status, 200)
    await redis.kill()
    // For a second readers are told what they were told before.
    await pause(1_100)
    const since = performance.now()
    const refused = await put(signedUrl(a, 'lost/new.bin', 1000), body)
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '10'])
    const read = await get(`${a.publicUrl}lost/known.bin`)
    assert.deepEqual([read.status, read.sha256], [200, digest(body)])
    assert.ok(performance.now() - since < 3_000, 'nobody hangs')
    await redis.start()
    for (const server of [a, b]) {
      const url = signedUrl(server, 'lost/new.bin', 1000)
      await eventually('uploads work again', async () => {
        const { status } = await put(url, body)
        return status === 201 ? true : undefined
      })
    }
  })

  test('a Redis that is silent makes nobody hang', async () => {
    const { pid } = redis.program()
    process.kill(pid, 'SIGSTOP')
    try {
      const since = performance.now()
      const { status } = await put(signedUrl(a, 'silent/1.bin', 1000), random.bytes(1000))
      assert.equal(status, 503)
      assert.ok(performance.now() - since < 5_000)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    const url = signedUrl(a, 'silent/2.bin', 1000)
    const body = random.bytes(1000)
    await eventually('uploads work again', async () =>
      (await put(url, body)).status === 201 ? true : undefined,
    )
  })

  test('nothing that was acknowledged is lost when Redis is killed again and again', async (t) => {
    const slots = slotsOf(random)
    const queue = [...slots]
    const worker = async (server: FileServer): Promise<void> => {
      for (let slot = queue.shift(); slot !== undefined; slot = queue.shift()) {
        await uploadUntilDone(slot, server)
      }
    }
    const workers = Promise.all(
      Array.from({ length: CONCURRENCY }, async (_, number) => await worker(number % 2 ? a : b)),
    )
    let kills = 0
    while (kills < KILLS) {
      const left = queue.length - CONCURRENCY
      await eventually('some more uploads', async () => (queue.length <= left ? true : undefined))
      await redis.kill()
      kills += 1
      await redis.start()
    }
    await workers
    t.diagnostic(`${kills} kills, ${slots.reduce((sum, { attempts }) => sum + attempts, 0)} PUTs`)
    assert.equal(kills, KILLS)
    for (const { path, body } of slots) {
      const read = await get(a.publicUrl + path)
      assert.deepEqual([read.status, read.sha256], [200, digest(body)], path)
    }
  })
})

interface Slot {
  readonly path: string
  readonly body: Buffer
  attempts: number
}

function slotsOf(random: SeededRandom): Slot[] {
  return Array.from({ length: UPLOADS }, (_, number) => ({
    path: `kills/${number}.bin`,
    body: random.bytes(random.integer(0, 200_000)),
    attempts: 0,
  }))
}

/** PUTs until it is acknowledged: a refusal because of the state or a cut is tried again. */
async function uploadUntilDone(slot: Slot, server: FileServer): Promise<void> {
  const url = signedUrl(server, slot.path, slot.body.length)
  const other = new Set<number>()
  await eventually(`${slot.path} is uploaded`, async () => {
    slot.attempts += 1
    const answer = await put(url, slot.body).catch(() => 'cut' as const)
    if (answer === 'cut') return undefined
    if (answer.status !== 201 && answer.status !== 503) other.add(answer.status)
    return answer.status === 201 ? true : undefined
  })
  assert.deepEqual([...other], [], 'the only refusal is the one of the state')
}

/** Whether any unfinished upload stands in Redis. */
async function isRecorded(redis: RedisServer): Promise<true | undefined> {
  const counts = Array.from({ length: 16 }, (_, bucket) =>
    Number(redis.cli('zcard', `{hfs:${bucket}}:reserving`)),
  )
  return counts.some((count) => count > 0) ? true : undefined
}
