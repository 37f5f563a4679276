/**
 * The server is killed, again and again, at random moments and at each step of publishing: what it
 * acknowledged is there and right, what it did not can be sent again, and nothing is left over.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { eventually } from './eventually.ts'
import type { FileServer } from './file-server.ts'
import { type Answer, answerTo, get, openRequest, put } from './http-client.ts'
import { type KeptData, keptData, runCommand } from './kept-data.ts'
import { startProgram } from './running-program.ts'
import { type SeededRandom, seedOfThisRun, seededRandom } from './seeded-random.ts'
import { signedUrl } from './signed-url.ts'

const UPLOADS = 200
const CONCURRENCY = 8
const LARGEST = 2 * 1024 * 1024
const BATCH = 32 * 1024
const FEWEST_KILLS = 10

/** Batches sent, bodies ended and answers received until the next kill: at most so many. */
const LONGEST_LIFE = 400

interface Slot {
  readonly path: string
  readonly body: Buffer
  readonly sha256: string
  attempts: number
  acknowledged: boolean
}

function slotOf(path: string, body: Buffer): Slot {
  const sha256 = createHash('sha256').update(body).digest('hex')
  return { path, body, sha256, attempts: 0, acknowledged: false }
}

/** Every tenth is empty, every tenth as large as can be, the others of all orders of magnitude. */
function slotsOf(random: SeededRandom): Slot[] {
  return Array.from({ length: UPLOADS }, (_, index) => {
    const any = Math.floor(LARGEST ** random.fraction())
    const size = index % 10 === 0 ? 0 : index % 10 === 1 ? LARGEST : any
    return slotOf(`crash/${index}.bin`, random.bytes(size))
  })
}

/** One life of the server, which ends after a number of moments. */
interface Life {
  readonly server: FileServer
  /** Notes that one more moment has passed; kills the server when it was the last. */
  readonly moment: () => void
  readonly isOver: () => boolean
}

function lifeOf(server: FileServer, moments: number): Life {
  let left = moments
  return {
    server,
    moment: () => {
      left -= 1
      if (left === 0) server.program.signal('SIGKILL')
    },
    isOver: () => left <= 0,
  }
}

/** Complete, or not there: nothing in between, and nothing less than what was acknowledged. */
function assertHonest(slot: Slot, { status, size, sha256 }: Answer): void {
  const isComplete = status === 200 && size === slot.body.length && sha256 === slot.sha256
  const isAbsent = status === 404 || status === 503
  const isAllowed = isComplete || (isAbsent && !slot.acknowledged)
  assert.ok(isAllowed, `${slot.path} of ${slot.body.length} bytes: ${status} with ${size} bytes`)
}

/** What was answered; nothing if the server was killed meanwhile. */
async function answerWhileAlive(
  answering: Promise<Answer>,
  life: Life,
): Promise<Answer | undefined> {
  try {
    return await answering
  } catch (cause) {
    if (life.isOver()) return undefined
    throw new Error(`The server lives, but cut a request:\n${life.server.program.log()}`, { cause })
  }
}

async function upload(slot: Slot, life: Life): Promise<void> {
  const { path, body } = slot
  const url = signedUrl(life.server, path, body.length)
  const request = openRequest(url, { method: 'PUT', headers: { 'Content-Length': body.length } })
  const answering = answerWhileAlive(answerTo(request), life)
  const readings: Promise<void>[] = []
  slot.attempts += 1
  for (let at = 0; at < body.length && !life.isOver(); at += BATCH) {
    const { promise: sent, resolve } = Promise.withResolvers<void>()
    request.write(body.subarray(at, at + BATCH), () => resolve())
    await Promise.race([sent, answering])
    life.moment()
    if (at === BATCH) readings.push(readMeanwhile(slot, life))
  }
  request.end()
  life.moment()
  const answer = await answering
  if (answer !== undefined) {
    assert.equal(answer.status, 201, life.server.program.log())
    slot.acknowledged = true
    life.moment()
  }
  await Promise.all(readings)
}

async function readMeanwhile(slot: Slot, life: Life): Promise<void> {
  const answer = await answerWhileAlive(get(life.server.publicUrl + slot.path), life)
  // Whether it was acknowledged when the reader asked is unknown by now.
  if (answer !== undefined) assertHonest({ ...slot, acknowledged: false }, answer)
}

async function uploadUntilKilled(slots: readonly Slot[], life: Life): Promise<void> {
  const queue = slots.filter((slot) => !slot.acknowledged)
  const worker = async (): Promise<void> => {
    for (let slot = queue.shift(); slot !== undefined && !life.isOver(); slot = queue.shift()) {
      await upload(slot, life)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  if (life.isOver()) await life.server.program.ended
}

async function assertAllHonest(slots: readonly Slot[], server: FileServer): Promise<void> {
  for (const slot of slots) assertHonest(slot, await get(server.publicUrl + slot.path))
}

/** After `gc` every file on disk belongs to a slot, and every slot has one. */
async function assertNothingLeftOver(
  data: KeptData,
  slots: readonly Slot[],
  server: FileServer,
): Promise<void> {
  await data.age()
  await runCommand(server, 'gc')
  const { files, parts } = await data.names()
  assert.deepEqual({ files: files.length, parts }, { files: slots.length, parts: [] })
  await assertAllHonest(slots, server)
}

function assertNoComplaint({ program }: FileServer): void {
  assert.doesNotMatch(program.log(), /"level":"(?:error|fatal)"/u)
}

test('kill -9 at random moments of 200 uploads loses, mixes up and leaves nothing', async (t: TestContext) => {
  const random = seededRandom(seedOfThisRun())
  t.diagnostic(`SEED=${random.seed} repeats this run`)
  const slots = slotsOf(random)
  await using data = await keptData()
  let kills = 0
  while (slots.some((slot) => !slot.acknowledged)) {
    const before = slots.filter((slot) => slot.attempts > 0 && !slot.acknowledged)
    const already = slots.filter((slot) => slot.acknowledged)
    await using server = await data.start()
    await assertAllHonest([...before, ...already.slice(-2 * CONCURRENCY)], server)
    const life = lifeOf(server, random.integer(1, LONGEST_LIFE))
    await uploadUntilKilled(slots, life)
    assertNoComplaint(server)
    if (life.isOver()) kills += 1
  }
  await using server = await data.start()
  await assertAllHonest(slots, server)
  await assertNothingLeftOver(data, slots, server)
  t.diagnostic(`${kills} kills`)
  assert.ok(kills >= FEWEST_KILLS, `only ${kills} kills`)
})

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`${signal} in the middle of an upload: the server starts again, the slot is usable`, async () => {
    await using data = await keptData()
    const slot = slotOf('crash/middle.bin', seededRandom(1).bytes(LARGEST))
    {
      await using server = await data.start()
      const url = signedUrl(server, slot.path, LARGEST)
      const request = openRequest(url, { method: 'PUT', headers: { 'Content-Length': LARGEST } })
      const cut = assert.rejects(answerTo(request))
      request.write(slot.body.subarray(0, LARGEST / 2))
      await eventually('the upload is under way', async () => (await data.names()).parts[0])
      server.program.signal(signal)
      await cut
      await server.program.ended
    }
    await using server = await data.start()
    assertHonest(slot, await get(server.publicUrl + slot.path))
    const url = signedUrl(server, slot.path, LARGEST)
    assert.equal((await put(url, slot.body)).status, 201)
    slot.acknowledged = true
    await assertNothingLeftOver(data, [slot], server)
    assertNoComplaint(server)
  })
}

/** Calls that change what a restarted server finds, as strace names them. */
const STEPS = ['pwrite64', 'pwritev', 'fdatasync', 'link', 'fsync', 'unlink']

/** A call that ends the server: the `nth` of its name in one thread. */
interface Deadly {
  readonly name: string
  readonly nth: number
}

/** Uploads until such a call kills the server; resolves to whether one did. */
async function uploadKilledAt(deadly: Deadly, slot: Slot, server: FileServer): Promise<boolean> {
  const when = `inject=/^${deadly.name}(at)?$:signal=SIGKILL:when=${deadly.nth}`
  const pid = String(server.program.pid)
  await using strace = startProgram('strace', ['-f', '-o', '/dev/null', '-e', when, '-p', pid])
  await strace.line(/attached/u)
  const url = signedUrl(server, slot.path, slot.body.length)
  const answer = await put(url, slot.body).catch(() => undefined)
  if (answer !== undefined) assert.equal(answer.status, 201)
  slot.acknowledged = answer !== undefined
  if (!slot.acknowledged) await server.program.ended
  return !slot.acknowledged
}

test('killed at any call that changes the disk, the slot can be used again', async (t) => {
  await using data = await keptData()
  const random = seededRandom(1)
  const slots: Slot[] = []
  for (const step of STEPS) {
    for (let nth = 1, killed = true; killed; nth += 1) {
      const slot = slotOf(`crash/${step}-${nth}.bin`, random.bytes(100_000))
      slots.push(slot)
      {
        await using server = await data.start()
        killed = await uploadKilledAt({ name: step, nth }, slot, server)
      }
      if (!killed) continue
      await using server = await data.start()
      assertHonest(slot, await get(server.publicUrl + slot.path))
      const url = signedUrl(server, slot.path, slot.body.length)
      assert.equal((await put(url, slot.body)).status, 201, `${step} ${nth}`)
      slot.acknowledged = true
      assertNoComplaint(server)
    }
  }
  await using server = await data.start()
  await assertNothingLeftOver(data, slots, server)
  const kills = slots.length - STEPS.length
  t.diagnostic(`${kills} kills`)
  assert.ok(kills > STEPS.length, `only ${kills} kills`)
})
