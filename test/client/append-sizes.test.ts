import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST_APPEND, appendSizes } from '../../src/client/append-sizes.ts'

const CHUNK = 5_000_000

/** The size that appends come to on a line of so many bytes per second. */
function settledAt(rate: number): number {
  const sizes = appendSizes(CHUNK)
  for (let appends = 0; appends < 20; appends += 1)
    sizes.took(sizes.next(), (sizes.next() * 1000) / rate)
  return sizes.next()
}

for (const [rate, size] of [
  [1_000_000, 1_000_000],
  [300_000, 300_000],
  [1_000, 65_536],
  [100_000_000, CHUNK],
] as const) {
  test(`at ${rate} bytes per second appends come to ${size} bytes`, () => {
    assert.ok(Math.abs(settledAt(rate) - size) <= size / 1000, String(settledAt(rate)))
  })
}

test('the first append is small, and no larger than the server takes', () => {
  assert.equal(appendSizes(CHUNK).next(), FIRST_APPEND)
  assert.equal(appendSizes(1000).next(), 1000)
})

test('a server that takes any size gets appends of 64 MiB at most', () => {
  const sizes = appendSizes(2 ** 40)
  for (let appends = 0; appends < 60; appends += 1) sizes.took(sizes.next(), 0)
  assert.equal(sizes.next(), 64 * 2 ** 20)
})

test('a loss makes the next append smaller, down to 64 KiB', () => {
  const sizes = appendSizes(CHUNK)
  sizes.lost()
  assert.equal(sizes.next(), FIRST_APPEND / 2)
  for (let losses = 0; losses < 5; losses += 1) sizes.lost()
  assert.equal(sizes.next(), 65_536)
})

test('an append that took no measurable time does not make a size without end', () => {
  const sizes = appendSizes(CHUNK)
  sizes.took(FIRST_APPEND, 0)
  assert.ok(sizes.next() <= CHUNK)
})
