import assert from 'node:assert/strict'
import test from 'node:test'
import { type Abuse, type AbusePolicy, abuse } from '../../src/abuse/abuse.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'

const DIRECT = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

interface Lists {
  readonly networks?: string
  readonly users?: string
}

/** The limits as an operator writes these lists. */
function configured({ networks = '', users = '' }: Lists): AbusePolicy {
  const flags = [`limits.banned_networks=${networks}`, `limits.banned_users=${users}`]
  const env = { HFS_GRANTS_V1_SECRET: 'a secret of the tests, long enough' }
  return loadConfig({ env, flags, cwd: '/nowhere' }).config.limits
}

function banning(lists: Lists): Abuse {
  const limits = configured(lists)
  return abuse({ failures: memoryCounters(), uploads: memoryCounters(), policy: () => limits })
}

/** What a request from an address is banned for. */
function cause(limits: Abuse, address: string, user?: string): unknown {
  const peer = address === 'unix' ? ({ kind: 'unix' } as const) : ({ kind: 'ip', address } as const)
  try {
    limits.refuseBanned(clientAddressOf(peer, {}, DIRECT), user)
    return undefined
  } catch (error) {
    assert.ok(error instanceof Refusal)
    assert.equal(error.code, 'banned')
    return error.facts['cause']
  }
}

test('every address of a banned network is refused, and none beside it', () => {
  const limits = banning({ networks: '192.0.2.128/25, 2001:db8:1::/48, 203.0.113.9' })
  for (const address of ['192.0.2.128', '192.0.2.255', '2001:db8:1:ffff::1', '203.0.113.9']) {
    assert.equal(cause(limits, address), 'network', address)
  }
  for (const address of ['192.0.2.127', '192.0.3.128', '2001:db8:2::1', '203.0.113.8', 'unix']) {
    assert.equal(cause(limits, address), undefined, address)
  }
})

test('an IPv4 address is the same in IPv6 notation, in the list and in the request', () => {
  assert.equal(cause(banning({ networks: '192.0.2.0/24' }), '::ffff:192.0.2.7'), 'network')
  assert.equal(cause(banning({ networks: '::ffff:192.0.2.0/120' }), '192.0.2.7'), 'network')
})

test('a banned user is refused from everywhere, with any resource and in any case', () => {
  const limits = banning({ users: 'Romeo@example.org' })
  for (const user of ['romeo@example.org', 'ROMEO@Example.Org', 'romeo@example.org/phone']) {
    assert.equal(cause(limits, '192.0.2.1', user), 'user', user)
  }
  for (const user of ['juliet@example.org', 'romeo@example.com', 'a-romeo@example.org', '']) {
    assert.equal(cause(limits, '192.0.2.1', user), undefined, user)
  }
  assert.equal(cause(limits, '192.0.2.1'), undefined)
})

test('a banned user is known by the SHA-1 that ejabberd puts in front of its paths', () => {
  // printf romeo@example.org | sha1sum
  const hashed = '2ed681f17049ef21eba6d9ffe6a7c5eaf5193572'
  assert.equal(cause(banning({ users: 'romeo@example.org' }), '192.0.2.1', hashed), 'user')
})

test('nobody is banned by empty lists', () => {
  assert.equal(cause(banning({}), '192.0.2.1', 'romeo@example.org'), undefined)
})

test('new lists hold for the next request, and what is off them is admitted again', () => {
  let limits = configured({ networks: '192.0.2.0/24' })
  const counters = { failures: memoryCounters(), uploads: memoryCounters() }
  const bans = abuse({ ...counters, policy: () => limits })
  assert.equal(cause(bans, '192.0.2.1'), 'network')
  limits = { ...limits, bannedNetworks: [] }
  assert.equal(cause(bans, '192.0.2.1', 'romeo@example.org'), undefined)
  limits = { ...limits, bannedUsers: ['romeo@example.org'] }
  assert.equal(cause(bans, '192.0.2.1', 'romeo@example.org'), 'user')
})
