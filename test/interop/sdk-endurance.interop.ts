/**
 * The client's endurance: many uploads over a way that fails at random, and a file that is too long to be held. `SEED=…`
 * repeats a run; `UPLOADS=500 GIB=4` is the long one.
 */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { upload } from '../../src/client/node/main.ts'
import { assertArriving } from '../client/faulty-way.ts'
import { seedOfThisRun, seededRandom } from './seeded-random.ts'
import { tempFolder } from './temp-folder.ts'
import { countingServer } from '../client/counting-server.ts'

const MIB = 2 ** 20
const GIB = Number(process.env['GIB'] ?? 1)
const SIZE = GIB * 1024 * MIB
const UPLOADS = Number(process.env['UPLOADS'] ?? 100)
/** Bytes of buffers at a time, of the client and of the server that counts, and what no collection has freed yet. */
const MOST = 192 * MIB

const random = seededRandom(seedOfThisRun())

test(
  `${UPLOADS} uploads over a way that fails at random arrive whole (SEED=${random.seed})`,
  { timeout: 180_000 },
  async () => await assertArriving({ uploads: UPLOADS, atATime: 4, largest: 2_000_000, random }),
)

test(`a file of ${GIB} GiB goes in one PUT, and a constant of it is held`, async (t) => {
  await using folder = await tempFolder('endurance')
  const path = join(folder.path, 'film.mp4')
  {
    await using file = await open(path, 'w')
    await file.truncate(SIZE)
  }
  await using server = await countingServer()
  const put = `${server.origin}/up/a/film.mp4`
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  let events = 0
  const onEvent = (): void => {
    if ((events += 1) % 64 > 0) return
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  const { size } = await upload(path, { put, get: put }, { onEvent })
  t.diagnostic(`${(most / MIB).toFixed(0)} MiB of buffers at most`)
  assert.deepEqual([size, server.received()], [SIZE, SIZE])
  assert.ok(most <= MOST, `${most} bytes`)
})
