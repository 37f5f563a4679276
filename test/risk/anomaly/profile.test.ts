import assert from 'node:assert/strict'
import test from 'node:test'
import { serialize } from 'node:v8'
import { seededRandom } from '../../../bench/statistics.ts'
import { tallyOf } from '../../../src/risk/anomaly/histograms.ts'
import {
  type Profile,
  age,
  countOpen,
  freshProfile,
  learn,
  measure,
} from '../../../src/risk/anomaly/profile.ts'

const NOON = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Whatever an owner can do: other networks, clients and sizes with every request. */
function afterRequests(count: number): Profile {
  const random = seededRandom(1)
  const anyName = (): number => Math.floor(random() * 2 ** 32)
  const profile = freshProfile(NOON)
  for (let request = 0; request < count; request += 1) {
    const at = NOON + request * 7 * MINUTE + 0.5
    const size = Math.floor(random() * 2 ** 40)
    const traits = { at, network: anyName(), region: anyName(), product: anyName(), size }
    age(profile, at, DAY)
    const measures = measure(profile, traits, { warmUp: 20, networkFailures: 0 })
    learn(profile, traits, { measures, tally: tallyOf(measures) })
    countOpen(profile, { at, by: 1 })
  }
  return profile
}

test('what is remembered of an owner is of the same size after forty requests and after thousands', () => {
  const [few, many] = [40, 5_000].map((count) => serialize(afterRequests(count)).length)
  assert.equal(many, few)
})
