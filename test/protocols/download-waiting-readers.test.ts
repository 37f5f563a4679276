import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import { waitingReaders, type Reader } from '../../src/protocols/download/waiting-readers.ts'

const POLICY = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

function reader(path: number, network: number): Reader {
  const peer = { kind: 'ip', address: `10.${network >> 8}.${network & 255}.1` } as const
  return { path: parseSlotPath(`slot/${path}`), network: clientAddressOf(peer, {}, POLICY).network }
}

test('four readers may wait for one path, however they are spread', () => {
  const readers = waitingReaders()
  const places = [1, 2, 3, 4, 5].map((network) => readers.enter(reader(1, network)))
  assert.deepEqual(places.map(Boolean), [true, true, true, true, false])
})

test('sixteen readers of one network may wait, whatever for', () => {
  const readers = waitingReaders()
  const places = Array.from({ length: 17 }, (_, path) => readers.enter(reader(path, 1)))
  assert.equal(places.filter(Boolean).length, 16)
  assert.ok(readers.enter(reader(99, 2)), 'another network is not hurt')
})

test('256 readers may wait in all', () => {
  const readers = waitingReaders()
  const places = Array.from({ length: 300 }, (_, index) => readers.enter(reader(index, index)))
  assert.equal(places.filter(Boolean).length, 256)
})

test('a place given back is free again, and only once', () => {
  const readers = waitingReaders({ perPath: 1, perNetwork: 1, total: 1 })
  const place = readers.enter(reader(1, 1))
  assert.equal(readers.enter(reader(1, 1)), undefined)
  place?.[Symbol.dispose]()
  place?.[Symbol.dispose]()
  assert.ok(readers.enter(reader(1, 1)))
  assert.equal(readers.enter(reader(2, 2)), undefined)
})

test('a reader that was refused leaves no trace', () => {
  const readers = waitingReaders({ perPath: 1, perNetwork: 2, total: 3 })
  assert.ok(readers.enter(reader(1, 1)))
  assert.equal(readers.enter(reader(1, 1)), undefined)
  assert.ok(readers.enter(reader(2, 1)))
  assert.ok(readers.enter(reader(3, 2)))
})
