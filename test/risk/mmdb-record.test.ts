import assert from 'node:assert/strict'
import test from 'node:test'
import { placeOf } from '../../src/risk/mmdb-record.ts'

test('the records of MaxMind and DB-IP, of IPinfo and of plain tables say the same in their own words', () => {
  const place = { country: 'DE', latitude: 52.5, longitude: 13.4 }
  for (const record of [
    { country: { iso_code: 'DE' }, location: { latitude: 52.5, longitude: 13.4 } },
    { country: 'DE', latitude: 52.5, longitude: 13.4 },
    { country_code: 'de', latitude: 52.5, longitude: 13.4, city: 'Berlin' },
  ]) {
    assert.deepEqual(placeOf(record), place)
  }
  assert.deepEqual(placeOf({ autonomous_system_number: 64_496 }), { asn: 64_496 })
  assert.deepEqual(placeOf({ asn: 'AS64496', domain: 'example.org' }), { asn: 64_496 })
  assert.deepEqual(placeOf({ traits: { autonomous_system_number: 64_496 } }), { asn: 64_496 })
})

test('what is not as it should be is not known', () => {
  for (const record of [
    undefined,
    null,
    'DE',
    {},
    { country: { iso_code: 'Germany' } },
    { country_code: 49 },
    { location: { latitude: 91, longitude: 0 } },
    { location: { latitude: 10 } },
    { latitude: Number.NaN, longitude: 1 },
    { asn: 'AS' },
    { autonomous_system_number: -1 },
  ]) {
    assert.equal(placeOf(record), undefined, JSON.stringify(record))
  }
  const place = { latitude: 1, longitude: 2 }
  assert.deepEqual(placeOf({ location: { ...place, accuracy_radius: -5 } }), place)
})
