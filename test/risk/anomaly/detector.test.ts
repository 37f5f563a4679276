import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  type AnomalyDetector,
  type Sighting,
  anomalyDetector,
} from '../../../src/risk/anomaly/detector.ts'
import type { AnomalyPolicy } from '../../../src/risk/anomaly/policy.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOON = Date.UTC(2026, 0, 5, 12)
const PHOTO = 2 * 1024 ** 2

const POLICY: AnomalyPolicy = { enabled: true, halfLife: 30 * DAY, warmUp: 20, retention: 0 }

const ROMEO: Sighting = {
  at: NOON,
  owner: 'user:romeo@montague.example',
  network: '192.0.2.0/24',
  product: 'Conversations',
  size: PHOTO,
}

function detector(policy: Partial<AnomalyPolicy> = {}, maxOwners = 1_000): AnomalyDetector {
  return anomalyDetector({ policy: () => ({ ...POLICY, ...policy }), maxOwners, seed: 1 })
}

/** Ten users, each of whom sends a photo at noon and one two hours later, from home. */
function accustomed(days: number, policy: Partial<AnomalyPolicy> = {}): AnomalyDetector {
  const made = detector(policy)
  for (let day = -days; day < 0; day += 1) {
    for (const hours of [0, 2]) {
      for (let user = 0; user < 10; user += 1) made.learn(habit(user, day, hours))
    }
  }
  return made
}

function habit(user: number, day: number, hours: number): Sighting {
  const at = NOON + day * DAY + hours * HOUR + user
  if (user === 0) return { ...ROMEO, at }
  return { ...ROMEO, at, owner: `user:${user}@capulet.example`, network: `198.51.${user}.0/24` }
}

function scoreOf(made: AnomalyDetector, sighting: Partial<Sighting> = {}): number {
  const surprise = made.look({ ...ROMEO, ...sighting })
  assert.ok(surprise)
  return surprise.score
}

function featuresOf(made: AnomalyDetector, sighting: Partial<Sighting> = {}): readonly string[] {
  return (made.look({ ...ROMEO, ...sighting })?.features ?? []).map(({ feature }) => feature)
}

const THIEF: Partial<Sighting> = { network: '203.0.113.0/24', product: 'curl' }

test('what somebody does every day is not surprising', () => {
  assert.ok(scoreOf(accustomed(30)) < 2)
})

test('a new client from a new place is surprising, and it is told that these two made it so', () => {
  const made = accustomed(30)
  assert.ok(scoreOf(made, THIEF) > 10)
  assert.deepEqual(featuresOf(made, THIEF).slice(0, 2).toSorted(), ['network', 'product'])
})

test('a new network among those that somebody uses is less surprising than one from elsewhere', () => {
  const made = accustomed(30)
  for (let user = 0; user < 10; user += 1) {
    made.learn({ ...habit(user, -1, 5), network: '203.0.113.0/24' })
  }
  const [near, far] = ['192.0.77.0/24', '100.64.1.0/24'].map((network) =>
    scoreOf(made, { network }),
  )
  assert.ok((near ?? 0) < (far ?? 0), `${near} ${far}`)
})

test('networks of one autonomous system are one neighbourhood, whatever their numbers', () => {
  const made = detector({ halfLife: 1_000 * DAY })
  for (let day = -300; day < 0; day += 1) {
    const network = `${100 + (day & 63)}.${day & 127}.0.0/24`
    made.learn({ ...ROMEO, network, asn: 64_496, at: NOON + day * DAY })
  }
  const [same, other] = [64_496, 64_497].map((asn) =>
    scoreOf(made, { network: '100.64.1.0/24', asn }),
  )
  assert.ok((same ?? 0) < (other ?? 0))
})

test('who is somewhere else every day is surprising there only with many requests in an hour', () => {
  const made = detector({ halfLife: 1_000 * DAY })
  for (let day = -60; day < 0; day += 1) {
    made.learn(habit(0, day, 0))
    made.learn({ ...ROMEO, network: `203.${60 + day}.1.0/24`, at: NOON + day * DAY + 2 * HOUR })
    for (let user = 1; user < 5; user += 1) made.learn(habit(user, day, 0))
  }
  const elsewhere = { network: '100.64.1.0/24' }
  const once = scoreOf(made, elsewhere)
  assert.ok(!featuresOf(made, elsewhere).slice(0, 1).includes('elsewhere'))
  for (let minute = 0; minute < 50; minute += 5) {
    made.learn({ ...ROMEO, ...elsewhere, at: NOON + minute * MINUTE })
  }
  const again = { ...elsewhere, at: NOON + 55 * MINUTE }
  assert.ok(scoreOf(made, again) > once + 2, `${scoreOf(made, again)} ${once}`)
  assert.equal(featuresOf(made, again)[0], 'elsewhere')
  assert.ok(!featuresOf(made, { at: NOON + 55 * MINUTE }).includes('elsewhere'))
})

test('a huge file alone is no theft, whatever its size', () => {
  const made = accustomed(30)
  assert.ok(scoreOf(made, { size: 2 ** 40 }) < 13)
})

test('hundreds of megabytes in minutes are surprising, however small the first of them was', () => {
  const made = accustomed(30)
  const scores: number[] = []
  for (let file = 0; file < 10; file += 1) {
    const sighting = { at: NOON + file * 5_000, size: 80 * 1024 ** 2 }
    scores.push(scoreOf(made, sighting))
    made.learn({ ...ROMEO, ...sighting })
  }
  assert.ok((scores.at(-1) ?? 0) > (scores[0] ?? 0))
  assert.ok(featuresOf(made, { at: NOON + 50_000 }).includes('rate'))
})

test('after many wrong credentials from a network, a right one from there is surprising', () => {
  const made = accustomed(30)
  const before = scoreOf(made, THIEF)
  for (let guess = 0; guess < 100; guess += 1) made.failed({ at: NOON, network: '203.0.113.0/24' })
  assert.ok(scoreOf(made, THIEF) > before + 5)
  assert.equal(featuresOf(made, THIEF)[0], 'failures')
})

test('what strangers guess elsewhere does not speak against a user', () => {
  const made = accustomed(30)
  const before = scoreOf(made)
  for (let guess = 0; guess < 100; guess += 1) made.failed({ at: NOON, network: '203.0.113.0/24' })
  assert.equal(scoreOf(made), before)
})

test('many uploads at once are surprising until they end', () => {
  const made = accustomed(30)
  for (let upload = 0; upload < 20; upload += 1) made.began(ROMEO.owner, NOON)
  assert.ok(featuresOf(made).includes('concurrency'))
  for (let upload = 0; upload < 30; upload += 1) made.ended(ROMEO.owner, NOON)
  assert.ok(!featuresOf(made).includes('concurrency'))
})

test('the middle of the night is surprising of somebody who sends at noon', () => {
  assert.ok(featuresOf(accustomed(30), { at: NOON + 14 * HOUR }).includes('hour'))
})

test('nothing is said before two hundred requests of everybody are known', () => {
  assert.equal(accustomed(9).look(ROMEO), undefined)
  assert.notEqual(accustomed(12).look(ROMEO), undefined)
})

test('to whom too little happened, no network and no client is new', () => {
  assert.ok(!featuresOf(accustomed(12, { warmUp: 40 }), THIEF).includes('network'))
  assert.ok(featuresOf(accustomed(12, { warmUp: 20 }), THIEF).includes('network'))
})

test('of an unknown owner what everybody does is expected', () => {
  const made = accustomed(30)
  const stranger = { ...THIEF, owner: 'user:paris@verona.example' }
  assert.ok(scoreOf(made, stranger) < 2)
  assert.ok(scoreOf(made, { ...stranger, size: 1024 ** 3 }) > 4)
})

test('a network becomes known by use over time, and not by a few requests in a row', () => {
  const made = accustomed(30)
  const first = scoreOf(made, THIEF)
  for (let request = 0; request < 3; request += 1) {
    made.learn({ ...ROMEO, ...THIEF, at: NOON + request })
  }
  assert.ok(scoreOf(made, { ...THIEF, at: NOON + MINUTE }) > first / 2)
  assert.ok(!featuresOf(made, { ...THIEF, at: NOON + 2 * HOUR }).includes('network'))
})

test('what was learnt fades: a habit of long ago is worth less against one of late', () => {
  const scores = [30, 1_000].map((days) => {
    const made = accustomed(30, { halfLife: days * DAY })
    const late = { size: 400 * 1024 ** 2 }
    for (let day = 0; day < 20; day += 1) made.learn({ ...ROMEO, ...late, at: NOON + day * DAY })
    return scoreOf(made, { ...late, at: NOON + 20 * DAY })
  })
  assert.ok((scores[0] ?? 0) < (scores[1] ?? 0), String(scores))
})

test('to look changes nothing', () => {
  const made = accustomed(30)
  const first = made.look({ ...ROMEO, ...THIEF })
  for (let times = 0; times < 50; times += 1) made.look({ ...ROMEO, ...THIEF })
  assert.deepEqual(made.look({ ...ROMEO, ...THIEF }), first)
})

test('switched off it learns nothing and says nothing', () => {
  const made = accustomed(30, { enabled: false })
  made.failed({ at: NOON, network: ROMEO.network })
  assert.equal(made.look(ROMEO), undefined)
  assert.equal(made.owners(), 0)
})

test('no more owners are remembered than there is room for: the least lately seen is forgotten', () => {
  const made = detector({}, 3)
  for (const owner of ['a', 'b', 'c', 'a', 'd']) made.learn({ ...ROMEO, owner })
  assert.equal(made.owners(), 3)
})

test('an owner that was silent for the time of retention is forgotten', () => {
  const made = detector({ retention: DAY })
  made.learn(ROMEO)
  made.learn({ ...ROMEO, owner: 'user:juliet@capulet.example', at: NOON + HOUR })
  made.learn({ ...ROMEO, owner: 'user:paris@verona.example', at: NOON + DAY + 1 })
  assert.equal(made.owners(), 2)
})

test('whatever comes, scores are finite numbers of bits, and contributions in order', () => {
  const owners = fc.constantFrom('a', 'b', 'c')
  const sightings = fc.record(
    {
      at: fc.integer({ min: NOON - DAY, max: NOON + 100 * DAY }),
      owner: owners,
      network: fc.constantFrom('192.0.2.0/24', '2001:db8::/56', 'unix', ''),
      asn: fc.nat(),
      product: fc.constantFrom('Dino', 'curl'),
      size: fc.maxSafeNat(),
    },
    { requiredKeys: ['at', 'owner', 'network'] },
  )
  fc.assert(
    fc.property(fc.array(sightings, { maxLength: 40 }), (all) => {
      const made = accustomed(12, { halfLife: 1_000 * DAY })
      for (const each of all) {
        const surprise = made.look(each)
        assert.ok(surprise && surprise.score >= 0 && surprise.score < 60, JSON.stringify(surprise))
        const bits = surprise.features.map((one) => one.bits)
        assert.deepEqual(
          bits,
          bits.toSorted((a, b) => b - a),
        )
        made.learn(each)
        made.failed(each)
      }
    }),
    { numRuns: 50 },
  )
})
