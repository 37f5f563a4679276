import assert from 'node:assert/strict'
import test from 'node:test'
import { classIn } from '../../src/risk/network-class.ts'

test('what a database states in its own words is understood', () => {
  for (const [networkClass, records] of [
    [
      'mobile',
      [
        { connection_type: 'Cellular' },
        { traits: { user_type: 'cellular', connection_type: 'Cellular' } },
        { asn: 'AS64496', type: 'isp', is_mobile: true },
        { as_type: 'isp', is_mobile: 'true' },
      ],
    ],
    [
      'fixed',
      [
        { connection_type: 'Cable/DSL' },
        { traits: { user_type: 'residential', connection_type: 'Cable/DSL' } },
        { asn: 'AS64496', type: 'education' },
        { as_type: 'business', is_mobile: false, is_hosting: 'false' },
      ],
    ],
    [
      'hosting',
      [
        { asn: 'AS64496', name: 'Example', type: 'hosting' },
        { traits: { user_type: 'content_delivery_network' } },
        { is_hosting_provider: true },
        { as_type: 'isp', is_hosting: true },
      ],
    ],
  ] as const) {
    for (const record of records) {
      assert.deepEqual(classIn(record), { networkClass }, JSON.stringify(record))
    }
  }
})

test('of several statements the most particular counts', () => {
  for (const [networkClass, record] of [
    ['mobile', { traits: { user_type: 'business', connection_type: 'Cellular' } }],
    ['hosting', { traits: { user_type: 'hosting', connection_type: 'Corporate' } }],
    ['mobile', { as_type: 'hosting', is_mobile: true }],
  ] as const) {
    assert.deepEqual(classIn(record), { networkClass }, JSON.stringify(record))
  }
})

test('where nothing is stated the name suggests, in any of the fields that databases put it in', () => {
  for (const field of ['autonomous_system_organization', 'as_name', 'name']) {
    assert.deepEqual(classIn({ [field]: 'Example Mobile Ltd' }), { suggestedClass: 'mobile' })
  }
  const traits = { autonomous_system_organization: 'Example Hosting Ltd' }
  assert.deepEqual(classIn({ traits }), { suggestedClass: 'hosting' })
})

test('a statement is believed more than a name', () => {
  const name = 'Example Mobile Ltd'
  assert.deepEqual(classIn({ type: 'hosting', name }), { networkClass: 'hosting' })
})

test('whoever is stated to give access hosts nothing, and may be a mobile network by its name', () => {
  assert.deepEqual(classIn({ type: 'isp', name: 'Example Cloud Ltd' }), {})
  assert.deepEqual(classIn({ type: 'isp', name: 'Example Mobile' }), { suggestedClass: 'mobile' })
})

test('what is not as it should be states nothing', () => {
  for (const record of [
    {},
    { type: 'inactive' },
    { user_type: 'router' },
    { user_type: 7, connection_type: null, traits: 'Cellular' },
    { is_mobile: 1, is_hosting: 'yes' },
    { autonomous_system_organization: 64_496 },
  ]) {
    assert.deepEqual(classIn(record), {}, JSON.stringify(record))
  }
})
