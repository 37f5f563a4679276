import assert from 'node:assert/strict'
import test from 'node:test'
import { type Happening, simulate } from '../../../bench/anomaly-simulation.ts'
import {
  type AnomalyDetector,
  type Sighting,
  anomalyDetector,
} from '../../../src/risk/anomaly/detector.ts'
import type { Surprise } from '../../../src/risk/anomaly/surprise.ts'
import { plainScores } from './plain-scores.ts'

const DAY = 86_400_000
const POLICY = { enabled: true, halfLife: 10 * DAY, warmUp: 20, retention: 0 }

/** Rounding adds up in another order. */
const ROUNDING = 1e-12

type Scorer = Pick<AnomalyDetector, 'look' | 'learn' | 'failed' | 'began' | 'ended'>

/** Of every third commuter the autonomous systems are known, and every fifth is in the network of the next version. */
function placed({ sighting, commuter }: Happening): Sighting {
  const [first = '', second = '', third = ''] = sighting.network.split('.')
  if (commuter % 3 === 0) return { ...sighting, asn: Number(first) }
  const network = `2001:${first}:${second}:${third}::/56`
  return commuter % 5 === 0 ? { ...sighting, network } : sighting
}

function take(scorer: Scorer, kind: Happening['kind'], sighting: Sighting): Surprise | undefined {
  if (kind === 'failure') scorer.failed(sighting)
  if (kind === 'opened') scorer.began(sighting.owner, sighting.at)
  if (kind === 'ended') scorer.ended(sighting.owner, sighting.at)
  if (kind !== 'request') return undefined
  const surprise = scorer.look(sighting)
  scorer.learn(sighting)
  return surprise
}

function assertSame(made: Surprise | undefined, plain: Surprise | undefined, what: string): void {
  const [one, other] = [made?.features ?? [], plain?.features ?? []]
  assert.deepEqual(
    one.map(({ feature }) => feature),
    other.map(({ feature }) => feature),
    what,
  )
  const bits = [made, ...one].map((each) => valueOf(each))
  const expected = [plain, ...other].map((each) => valueOf(each))
  for (const [at, value] of bits.entries()) {
    const difference = Math.abs(value - (expected[at] ?? NaN))
    assert.ok(difference <= ROUNDING, `${what}: ${String(bits)} ${String(expected)}`)
  }
}

function valueOf(told: Partial<Surprise & Surprise['features'][number]> | undefined): number {
  return told?.score ?? told?.bits ?? -1
}

test('months of commuters and attacks are scored as in the plainest way of computing it', () => {
  const seed = 21
  const [made, plain] = [
    anomalyDetector({ policy: () => POLICY, maxOwners: 1_000, seed: 1 }),
    plainScores(POLICY),
  ]
  let scored = 0
  for (const happening of simulate({ commuters: 32, learningDays: 20, watchedDays: 20, seed })) {
    const sighting = placed(happening)
    const [surprise, expected] = [made, plain].map((each) => take(each, happening.kind, sighting))
    assertSame(surprise, expected, `seed ${seed}, ${JSON.stringify(sighting)}`)
    if (surprise !== undefined) scored += 1
  }
  assert.ok(scored > 5_000, String(scored))
})
