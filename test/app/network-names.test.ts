import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkNames } from '../../src/app/network-names.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import { configOf } from './site.ts'

const POLICY = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

function nameOf(address: string, flags: readonly string[]): string {
  const client = clientAddressOf({ kind: 'ip', address }, {}, POLICY)
  return networkNames(configOf('/nowhere', flags))(client)
}

test('a network is stored by its prefix, never with the whole address', () => {
  for (const how of ['full', 'prefix']) {
    assert.equal(nameOf('192.0.2.7', [`privacy.address=${how}`]), '192.0.2.0/24')
  }
})

test('where addresses must not be stored, a name tells networks apart and says nothing else', () => {
  const flags = ['privacy.address=none']
  const name = nameOf('192.0.2.7', flags)
  assert.match(name, /^keyed:[\w-]{22}$/u)
  assert.equal(nameOf('192.0.2.99', flags), name)
  assert.notEqual(nameOf('198.51.100.7', flags), name)
})

test('servers with the same secrets, and one that was started again, give the same name; with a secret of before to accept, too', () => {
  const flags = ['privacy.address=none']
  const names = [1, 2].map(() => nameOf('192.0.2.7', flags))
  assert.equal(new Set(names).size, 1)
  const previous = `grants.v2_previous=[{ secret = "kQ8yVnZ2rT5wX1aC", not_after = 2099-01-01T00:00:00Z }]`
  assert.equal(nameOf('192.0.2.7', [...flags, previous]), names[0])
})

test('without the secrets of the grants nobody can tell which network a name stands for', () => {
  const other = ['privacy.address=none', 'grants.v2_secret=another-key-of-the-tests-0f']
  assert.notEqual(nameOf('192.0.2.7', ['privacy.address=none']), nameOf('192.0.2.7', other))
})
