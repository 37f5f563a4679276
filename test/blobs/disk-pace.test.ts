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

/** Few enough to notice a slow disk before it has held up everybody else for long. */
const ENOUGH_SLOW_CALLS = 3

test('calls are synchronous while slow ones are rare: then the processor was somebody else’s', () => {
  const timed = timedPace()
  for (let n = 0; n < 200; n += 1) {
    timed.call(n % 20 === 0 ? 10 : 0.02)
    assert.equal(timed.pace.isFast(), true)
  }
})

test('several slow calls in a row make the calls of one second asynchronous', () => {
  const timed = timedPace()
  for (let n = 1; n < ENOUGH_SLOW_CALLS; n += 1) timed.call(4.1)
  assert.equal(timed.pace.isFast(), true)
  timed.call(4.1)
  assert.equal(spell(timed), 1000)
})

test('calls of up to four milliseconds are not slow, however many', () => {
  const timed = timedPace()
  for (let n = 0; n < 50; n += 1) timed.call(4)
  assert.equal(timed.pace.isFast(), true)
})

test('a call that stalls makes the calls of one second asynchronous at once', () => {
  const timed = timedPace()
  timed.call(50)
  assert.equal(spell(timed), 1000)
})

test('a disk that is slow still is tried ever more seldom, at least every 32 seconds', () => {
  const timed = timedPace()
  const spells = Array.from({ length: 7 }, () => {
    timed.call(60)
    return spell(timed)
  })
  assert.deepEqual(spells, [1000, 2000, 4000, 8000, 16_000, 32_000, 32_000])
})

test('after a calm time the next slow call counts as the first', () => {
  const timed = timedPace()
  for (const _ of [1, 2, 3]) {
    timed.call(60)
    spell(timed)
  }
  timed.time.now += 4000
  timed.call(60)
  assert.equal(spell(timed), 1000)
})

test('a slow call that fails is slow, too, and its error is passed on', () => {
  const timed = timedPace()
  const failure = new Error('EIO')
  const failing = (): never => {
    timed.time.now += 60
    throw failure
  }
  assert.throws(() => timed.pace.timed(failing), failure)
  assert.equal(timed.pace.isFast(), false)
})
