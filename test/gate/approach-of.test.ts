import assert from 'node:assert/strict'
import test from 'node:test'
import { approachOf } from '../../src/gate/approach-of.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'

test('a request shows who comes, for which path, with which credentials, and what it brings', () => {
  const policy = clientAddressPolicy({ source: 'peer', trustedProxies: [] })
  const client = clientAddressOf({ kind: 'ip', address: '192.0.2.1' }, {}, policy)
  const query = new URLSearchParams('v=abc')
  const headers = {
    'user-agent': 'Gajim',
    authorization: 'Bearer token',
    'content-type': 'image/png',
    cookie: 'a=b',
  }
  const target = { rawPath: 'a1b2/film.mp4', query }
  assert.deepEqual(approachOf({ client, headers, target }, 'as-granted'), {
    client,
    userAgent: 'Gajim',
    rawPath: 'a1b2/film.mp4',
    query,
    authorization: 'Bearer token',
    contentType: 'image/png',
    size: 'as-granted',
  })
})
