import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Place } from '../../src/risk/place.ts'
import { leastDistance } from '../../src/risk/travel.ts'

const BERLIN = { latitude: 52.52, longitude: 13.405 }
const PARIS = { latitude: 48.857, longitude: 2.352 }

test('what lies between two cities is the great circle less 250 km for each of them', () => {
  const distance = leastDistance(BERLIN, PARIS)
  assert.ok(Math.abs(distance - (878 - 500)) < 3, `${distance} km`)
})

test('a position that is less sure than that counts as what it is', () => {
  const sure = leastDistance({ ...BERLIN, accuracy: 5 }, PARIS)
  assert.equal(sure, leastDistance(BERLIN, PARIS))
  const unsure = leastDistance({ ...BERLIN, accuracy: 300 }, PARIS)
  assert.ok(Math.abs(sure - unsure - 50) < 1e-9)
  assert.equal(leastDistance({ ...BERLIN, accuracy: 1_000 }, PARIS), 0)
})

test('across the date line it is the short way, and to the other end of the world half around it', () => {
  const [east, west] = [
    { latitude: 0, longitude: 179 },
    { latitude: 0, longitude: -179 },
  ]
  assert.equal(leastDistance(east, west), 0)
  const around = leastDistance({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 })
  assert.ok(Math.abs(around - (20_015 - 500)) < 1, `${around} km`)
})

test('nothing is known to lie between places without a position', () => {
  assert.equal(leastDistance(undefined, PARIS), 0)
  assert.equal(leastDistance(BERLIN, { country: 'FR' }), 0)
  assert.equal(leastDistance({ latitude: 1 }, PARIS), 0)
})

test('there and back are as far as each other, and never less than nothing', () => {
  const positions: fc.Arbitrary<Place> = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  })
  fc.assert(
    fc.property(positions, positions, (from, to) => {
      const distance = leastDistance(from, to)
      assert.ok(distance >= 0 && distance <= 20_016)
      assert.ok(Math.abs(distance - leastDistance(to, from)) < 1e-6)
    }),
  )
})
