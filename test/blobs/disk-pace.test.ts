import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DiskPace, diskPace } from '../../src/blobs/filesystem/disk-pace.ts'

function timedPace(): { pace: DiskPace; time: { now: number }; call: (takes: number) => void } {
  const time = { now: 0 }
  const pace = diskPace(() => time.now)
  return { pace, time, call: (takes) => pace.timed(() => (time.now += takes)) }
}

/** Milliseconds until calls may be synchronous again. */
function spell({ pace, time }: ReturnType<typeof timedPace>): number {
  const since = time.now
  while (!pace.isFast()) time.now++
  return time.now - since
}

test('calls are synchronous as long as none takes more than four milliseconds', () => {
  const timed = timedPace()
  assert.equal(timed.pace.isFast(), true)
  timed.call(4)
  assert.equal(timed.pace.isFast(), true)
  timed.call(4.1)
  assert.equal(timed.pace.isFast(), false)
})

test('a slow call makes the calls of one second asynchronous', () => {
  const timed = timedPace()
  timed.call(20)
  assert.equal(spell(timed), 1000)
})

test('a disk that is slow still is tried ever more seldom, at least every 32 seconds', () => {
  const timed = timedPace()
  const spells = Array.from({ length: 7 }, () => {
    timed.call(20)
    return spell(timed)
  })
  assert.deepEqual(spells, [1000, 2000, 4000, 8000, 16_000, 32_000, 32_000])
})

test('after a calm time the next slow call counts as the first', () => {
  const timed = timedPace()
  for (const _ of [1, 2, 3]) {
    timed.call(20)
    spell(timed)
  }
  timed.time.now += 4000
  timed.call(20)
  assert.equal(spell(timed), 1000)
})

test('a slow call that fails is slow, too, and its error is passed on', () => {
  const timed = timedPace()
  const failure = new Error('EIO')
  const failing = (): never => {
    timed.time.now += 20
    throw failure
  }
  assert.throws(() => timed.pace.timed(failing), failure)
  assert.equal(timed.pace.isFast(), false)
})
