import assert from 'node:assert/strict'
import { test } from 'node:test'
import { familyOf, regionOf } from '../../src/risk/network-prefix.ts'

test('prefixes and addresses are of the protocol that their form says', () => {
  assert.deepEqual(
    ['192.0.2.0/24', '2001:db8:1::/56', '::/56'].map((network) => familyOf(network)),
    ['ipv4', 'ipv6', 'ipv6'],
  )
})

test('neighbours share the first half of an IPv4 prefix, and the first 32 bits of an IPv6 one', () => {
  const regions = {
    '198.51.100.0/24': '198.51',
    '198.51.7.0/24': '198.51',
    '198.52.7.0/24': '198.52',
    '2001:db8:1::/56': '2001:db8',
    '2001:db8::/56': '2001:db8',
    '2001:dc8:1::/56': '2001:dc8',
    unix: 'unix',
  }
  for (const [network, region] of Object.entries(regions)) assert.equal(regionOf(network), region)
})
