import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeadReader, type RequestHead } from '../../src/http/fast-lane/request-head.ts'
import { seedOfThisRun } from '../interop/seeded-random.ts'
import { Disagreement, campaign } from './lane-fuzz/campaign.ts'
import type { LaneReader } from './lane-fuzz/judge.ts'

const HEADS = 20_000

test('whatever changed head the lane takes, node:http reads the same; the rest is left to it', async (t) => {
  const seed = seedOfThisRun()
  const tally = await campaign({ seed, heads: HEADS })
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`)
  const { takenMutated, served, refused, awaited } = tally
  // Each kind occurs often enough that one in which the two differ would have been seen.
  assert.ok(takenMutated > HEADS / 20, `seed ${seed}: only ${takenMutated} were taken`)
  assert.ok(served > HEADS / 20, `seed ${seed}: only ${served} were left and served`)
  assert.ok(refused > HEADS / 20, `seed ${seed}: only ${refused} were left and refused`)
  assert.ok(awaited > HEADS / 100, `seed ${seed}: only ${awaited} were left and awaited`)
})

/** What a reader could get wrong about a head that is in order. */
const MISREADINGS: Readonly<Record<string, (head: RequestHead) => Partial<RequestHead>>> = {
  'the method': () => ({ method: 'HEAD' }),
  'the target': ({ target }) => ({ target: `${target}x` }),
  'a field': ({ headers }) => ({ headers: { ...headers, 'x-made-up': 'x' } }),
  'the length': ({ contentLength = 0 }) => ({ contentLength: contentLength + 1 }),
  'whether it waits for leave': ({ awaitsContinue }) => ({ awaitsContinue: !awaitsContinue }),
  'whether the connection is kept': ({ closes }) => ({ closes: !closes }),
  'its end, an octet early': ({ bytes }) => ({ bytes: bytes - 1 }),
  'its end, an octet late': ({ bytes }) => ({ bytes: bytes + 1 }),
}

/** The lane's reader, but for what it gets wrong. */
function misreader(misread: (head: RequestHead) => Partial<RequestHead>): LaneReader {
  const right = new HeadReader()
  return {
    read: (bytes, count) => {
      const head = right.read(bytes, count)
      return head && { ...head, ...misread(head) }
    },
  }
}

for (const [what, misread] of Object.entries(MISREADINGS)) {
  test(`a reader that is wrong about ${what} is found`, async () => {
    const run = campaign({ seed: 1, heads: 100, reader: () => misreader(misread) })
    await assert.rejects(run, Disagreement)
  })
}
