import assert from 'node:assert/strict'
import { anomaliesOf } from '../../src/app/anomalies.ts'
import { riskPolicyOf } from '../../src/app/risk-policy.ts'
import type { AnomalyDetector, Sighting } from '../../src/risk/anomaly/detector.ts'
import { assess } from '../../src/risk/assess.ts'
import { configOf } from './site.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 0, 5, 12)
const USUAL = { owner: 'user:romeo@montague.example', network: '192.0.2.0/24', size: 1000 }
const ON = 'anomaly.enabled=true'

/** The detector of a configuration, after uploads of one user, an hour apart. */
function detectorOf(uploads: number, ...flags: readonly string[]): AnomalyDetector {
  const { detector } = anomaliesOf(configOf('/', [ON, ...flags]))
  for (let number = -uploads; number < 0; number += 1) {
    detector.learn({ ...USUAL, at: NOON + number * HOUR })
  }
  return detector
}

/** The level of a first request that surprises by so many bits. */
function levelOf(bits: number, ...flags: readonly string[]): number {
  const now = { at: NOON, network: USUAL.network, surprise: bits }
  return assess(undefined, now, riskPolicyOf(configOf('/', [ON, ...flags]))).level
}

function featuresOf(detector: AnomalyDetector, sighting: Partial<Sighting>): readonly string[] {
  const surprise = detector.look({ ...USUAL, at: NOON, ...sighting })
  return (surprise?.features ?? []).map(({ feature }) => feature)
}

/** For each option about anomalies: it is set to two values, and what is found differs. */
export const ANOMALY_PROOFS: Readonly<Record<string, () => Promise<void>>> = {
  'anomaly.enabled': async () => {
    assert.ok(detectorOf(300).look({ ...USUAL, at: NOON }))
    assert.equal(detectorOf(300, 'anomaly.enabled=false').look({ ...USUAL, at: NOON }), undefined)
    assert.deepEqual([levelOf(60), levelOf(60, 'anomaly.enabled=false')], [3, 1])
  },
  'anomaly.level_2_score': async () => {
    assert.deepEqual([levelOf(14), levelOf(14, 'anomaly.level_2_score=15')], [2, 1])
  },
  'anomaly.level_3_score': async () => {
    assert.deepEqual([levelOf(16), levelOf(16, 'anomaly.level_3_score=17')], [3, 2])
  },
  'anomaly.half_life': async () => {
    assert.ok(detectorOf(300, 'anomaly.half_life=30d').look({ ...USUAL, at: NOON }))
    // All but the requests of the latest hours is forgotten, which is too little to say anything.
    const forgetful = detectorOf(300, 'anomaly.half_life=1h')
    assert.equal(forgetful.look({ ...USUAL, at: NOON }), undefined)
  },
  'anomaly.warm_up': async () => {
    const elsewhere = { network: '203.0.113.0/24' }
    assert.ok(featuresOf(detectorOf(300, 'anomaly.warm_up=20'), elsewhere).includes('network'))
    assert.ok(!featuresOf(detectorOf(300, 'anomaly.warm_up=9999'), elsewhere).includes('network'))
  },
  'anomaly.max_users': async () => {
    for (const most of [1, 2]) {
      const detector = detectorOf(1, `anomaly.max_users=${most}`)
      detector.learn({ ...USUAL, owner: 'user:juliet@capulet.example', at: NOON })
      assert.equal(detector.owners(), most)
    }
  },
}
