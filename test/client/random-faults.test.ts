/**
 * Many uploads over a way that fails at random: whatever happens, each file arrives whole. `SEED=…` repeats a run.
 */
import { test } from 'node:test'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { assertArriving } from './faulty-way.ts'

const random = seededRandom(seedOfThisRun())

test(
  `48 uploads over a way that fails at random arrive whole (SEED=${random.seed})`,
  { timeout: 60_000 },
  async () => await assertArriving({ uploads: 48, atATime: 4, largest: 2_000_000, random }),
)
