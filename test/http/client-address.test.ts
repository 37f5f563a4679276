import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ClientAddressSource,
  type Peer,
  clientAddressOf,
  clientAddressPolicy,
} from '../../src/http/client-address.ts'

const ip = (address: string): Peer => ({ kind: 'ip', address })

function policy(source: ClientAddressSource, ...trustedProxies: string[]) {
  return clientAddressPolicy({ source, trustedProxies })
}

function forwardedFor(peer: Peer, value: string | undefined, ...trusted: string[]): string {
  const headers = value === undefined ? {} : { 'x-forwarded-for': value }
  return clientAddressOf(peer, headers, policy('x-forwarded-for', ...trusted)).address
}

function forwarded(value: string): string {
  return clientAddressOf(ip('127.0.0.1'), { forwarded: value }, policy('forwarded', '127.0.0.0/8'))
    .address
}

const at = (address: string) => clientAddressOf(ip(address), {}, policy('peer'))

test('D14: forged headers of an untrusted peer are ignored', () => {
  const headers = {
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1',
  }
  for (const source of ['x-forwarded-for', 'forwarded', 'peer'] as const) {
    const client = clientAddressOf(ip('203.0.113.9'), headers, policy(source, '127.0.0.1/32'))
    assert.equal(client.address, '203.0.113.9')
  }
})

test('D14: IPv6 peers are told apart, and a network is their /56', () => {
  assert.deepEqual(at('2001:db8:1:2ff::7'), {
    address: '2001:db8:1:2ff::7',
    network: '2001:db8:1:200::/56',
  })
  assert.equal(at('2001:db8:1:299::8').network, '2001:db8:1:200::/56')
  assert.equal(at('2001:db8:1:300::8').network, '2001:db8:1:300::/56')
})

test('only the configured field is read', () => {
  const headers = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.2' }
  const from = (source: ClientAddressSource) =>
    clientAddressOf(ip('127.0.0.1'), headers, policy(source, '127.0.0.1')).address
  assert.deepEqual(
    [from('x-forwarded-for'), from('forwarded'), from('peer')],
    ['192.0.2.1', '192.0.2.2', '127.0.0.1'],
  )
})

test('the right-most hop that is not trusted is the client', () => {
  const hops = '6.6.6.6, 198.51.100.7, 10.0.0.2'
  assert.equal(forwardedFor(ip('127.0.0.1'), hops, '127.0.0.1/32', '10.0.0.0/8'), '198.51.100.7')
  assert.equal(forwardedFor(ip('127.0.0.1'), hops, '127.0.0.1/32'), '10.0.0.2')
})

test('a hop that cannot be read ends the walk at the last good one', () => {
  assert.equal(forwardedFor(ip('127.0.0.1'), '1.2.3.4, unknown', '127.0.0.1'), '127.0.0.1')
  assert.equal(
    forwardedFor(ip('127.0.0.1'), '1.2.3.4, junk, 10.0.0.2', '127.0.0.1', '10.0.0.0/8'),
    '10.0.0.2',
  )
  assert.equal(forwardedFor(ip('127.0.0.1'), '0x7f.1', '127.0.0.1'), '127.0.0.1')
  assert.equal(forwardedFor(ip('127.0.0.1'), '', '127.0.0.1'), '127.0.0.1')
  assert.equal(forwardedFor(ip('127.0.0.1'), undefined, '127.0.0.1'), '127.0.0.1')
})

test('a UNIX socket is trusted, and is itself the client if no hop is told', () => {
  assert.equal(forwardedFor({ kind: 'unix' }, '192.0.2.1'), '192.0.2.1')
  assert.deepEqual(clientAddressOf({ kind: 'unix' }, {}, policy('x-forwarded-for')), {
    address: 'unix',
    network: 'unix',
  })
})

test('an IPv4-mapped IPv6 address is the IPv4 address, as peer, hop and proxy', () => {
  assert.equal(
    forwardedFor(ip('::ffff:127.0.0.1'), '::ffff:192.0.2.1', '127.0.0.1/32'),
    '192.0.2.1',
  )
  const { network } = clientAddressOf(ip('::ffff:192.0.2.77'), {}, policy('peer'))
  assert.equal(network, '192.0.2.0/24')
})

test('ports, brackets and quotes of a hop are removed (RFC 7239 §6)', () => {
  assert.equal(forwarded('for="[2001:DB8::17]:4711";proto=https'), '2001:db8::17')
  assert.equal(forwarded('by=10.0.0.1; For="192.0.2.60:47011"'), '192.0.2.60')
  assert.equal(forwarded('for=192.0.2.43, for="[2001:db8:cafe::17]"'), '2001:db8:cafe::17')
  assert.equal(forwarded('for=192.0.2.43;host="a,b;for=6.6.6.6"'), '192.0.2.43')
  assert.equal(forwarded('for="192.0.2.\\60"'), '192.0.2.60')
  assert.equal(forwarded('for=_hidden'), '127.0.0.1')
  assert.equal(forwarded('for=192.0.2.1, proto=https'), '127.0.0.1')
  assert.equal(forwardedFor(ip('127.0.0.1'), '[2001:db8::1]:80', '127.0.0.1'), '2001:db8::1')
})

test('whatever a field holds, an address comes out, and never a proxy that forged a prefix', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.ipV4(),
      fc.constantFrom('x-forwarded-for', 'forwarded'),
      (junk, client, source) => {
        fc.pre(!client.startsWith('127.'))
        const last = source === 'forwarded' ? `for=${client}` : client
        const rules = policy(source, '127.0.0.0/8')
        // Quotes could swallow the last hop: then the peer itself is the answer.
        const safe = junk.replaceAll(/["\\]/g, '')
        const headers = { [source]: `${safe}, ${last}` }
        assert.equal(clientAddressOf(ip('127.0.0.1'), headers, rules).address, client)
        assert.notEqual(clientAddressOf(ip('127.0.0.1'), { [source]: junk }, rules).network, '')
      },
    ),
  )
})

test('an address and its network agree for all of IPv4 and IPv6', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const first = clientAddressOf(ip(address), {}, policy('peer'))
      assert.deepEqual(clientAddressOf(ip(first.address), {}, policy('peer')), first)
      assert.match(first.network, /\/(24|56)$/)
    }),
  )
})

test('a trusted proxy that is no block stops the start and is named', () => {
  for (const bad of ['10.0.0.0/33', 'proxy.example', '::/129', '10.0.0.0/x']) {
    assert.throws(() => policy('peer', bad), new RegExp(bad.replaceAll('.', '\\.')))
  }
})
