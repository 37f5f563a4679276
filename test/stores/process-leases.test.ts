import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProcessLeases, processLeases } from '../../src/stores/memory/leases.ts'
import { anySlot, contend, leaseOf, leasesConformance } from '../conformance/leases.ts'

leasesConformance('in process', () => processLeases())

interface Timer {
  readonly milliseconds: number
  readonly run: () => void
}

/** Leases whose time stands still until it is set, and the timers that wait. */
function timedLeases(): { leases: ProcessLeases; timers: Set<Timer>; time: { now: number } } {
  const timers = new Set<Timer>()
  const time = { now: 0 }
  const leases = processLeases({
    stopwatch: () => time.now,
    after: (milliseconds, run) => {
      const timer = { milliseconds, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  })
  return { leases, timers, time }
}

/** Ten takeovers of a slot, then one more newcomer. */
async function fight({ leases }: { leases: ProcessLeases }) {
  const slot = anySlot()
  let holder = contend(leases, slot)
  for (let takeover = 0; takeover < 10; takeover++) {
    const newcomer = contend(leases, slot)
    assert.equal(holder.timesAsked, 1, `takeover ${takeover} is not held up`)
    ;(await leaseOf(holder))[Symbol.dispose]()
    holder = newcomer
  }
  await leaseOf(holder)
  return { slot, holder }
}

test('after ten takeovers within ten seconds a newcomer waits a second before the holder is asked', async () => {
  const timed = timedLeases()
  const { slot, holder } = await fight(timed)
  const newcomer = contend(timed.leases, slot)
  assert.equal(holder.timesAsked, 0)
  const [timer] = timed.timers
  assert.equal(timer?.milliseconds, 1000)
  timer?.run()
  assert.equal(holder.timesAsked, 1)
  ;(await leaseOf(holder))[Symbol.dispose]()
  using _lease = await leaseOf(newcomer)
  assert.equal(timed.timers.size, 0)
})

test('a newcomer that waits in a fight gets a lease given back meanwhile at once', async () => {
  const timed = timedLeases()
  const { slot, holder } = await fight(timed)
  const newcomer = contend(timed.leases, slot)
  ;(await leaseOf(holder))[Symbol.dispose]()
  using _lease = await leaseOf(newcomer)
  assert.equal(timed.timers.size, 0)
})

test('a newcomer superseded in a fight does not ask when its second is over', async () => {
  const timed = timedLeases()
  const { slot, holder } = await fight(timed)
  const older = contend(timed.leases, slot)
  contend(timed.leases, slot)
  assert.equal(await older.outcome, 'superseded')
  assert.equal(timed.timers.size, 1)
  assert.equal(holder.timesAsked, 0)
})

test('a fight is over ten seconds after the first of its ten takeovers', async () => {
  const timed = timedLeases()
  const { slot, holder } = await fight(timed)
  timed.time.now = 10_000
  contend(timed.leases, slot)
  assert.equal(holder.timesAsked, 1)
  assert.equal(timed.timers.size, 0)
})

test('nothing is remembered of slots that nobody holds', async () => {
  const leases = processLeases()
  for (let round = 0; round < 100; round++) {
    const slot = anySlot()
    const first = await leaseOf(contend(leases, slot))
    const quitter = contend(leases, slot)
    quitter.abort(new Error('gone'))
    await assert.rejects(quitter.outcome)
    const second = contend(leases, slot)
    assert.equal(leases.held, 1)
    first[Symbol.dispose]()
    ;(await leaseOf(second))[Symbol.dispose]()
    assert.equal(leases.held, 0)
  }
})
