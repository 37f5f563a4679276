import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import type { Fingerprint } from '../../src/core/slot-path.ts'
import type { Leases } from '../../src/engine/ports.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import type { Channel, Message } from '../../src/stores/workers/channel.ts'
import { type Seat, leaseBroker } from '../../src/stores/workers/lease-broker.ts'
import { workerLeases } from '../../src/stores/workers/leases.ts'
import { noticeRelay, workerNotices } from '../../src/stores/workers/notices.ts'
import { anySlot, contend, leaseOf, leasesConformance } from '../conformance/leases.ts'

/** The two ends of a line; what is sent arrives later, in order, unless the far end is stopped. */
function line(): { near: Channel; far: Channel; stopped: boolean; goOn(): void } {
  const takers = [new Set<(message: Message) => void>(), new Set<(message: Message) => void>()]
  const held: (() => void)[] = []
  const end = (own: number, other: number): Channel => ({
    send(message) {
      const deliver = (): void => takers[other]?.forEach((take) => take(message))
      if (both.stopped) held.push(deliver)
      else setImmediate(deliver)
    },
    listen(take) {
      takers[own]?.add(take)
      return { [Symbol.dispose]: () => void takers[own]?.delete(take) }
    },
  })
  const both = {
    near: end(0, 1),
    far: end(1, 0),
    stopped: false,
    goOn(): void {
      both.stopped = false
      for (const deliver of held.splice(0)) deliver()
    },
  }
  return both
}

/** A primary process and its workers. */
function primary(leases: Leases = processLeases()): {
  worker(): { leases: Leases; seat: Seat; line: ReturnType<typeof line> }
  leases: Leases
  passedOver: Fingerprint[]
} {
  const passedOver: Fingerprint[] = []
  const broker = leaseBroker({ leases, onPassedOver: (slot) => passedOver.push(slot) })
  return {
    leases,
    passedOver,
    worker() {
      const made = line()
      return { leases: workerLeases(made.near), seat: broker.serve(made.far), line: made }
    },
  }
}

leasesConformance('of a worker', () => primary().worker().leases)

test('a newcomer at one worker has the holder at another asked, and gets its lease', async () => {
  const here = primary()
  const [one, two] = [here.worker(), here.worker()]
  const slot = anySlot()
  const holder = contend(one.leases, slot)
  const held = await leaseOf(holder)
  assert.equal(two.leases.isHeld(slot), false)
  assert.equal(await two.leases.isHeldElsewhere(slot), true)
  assert.equal(await one.leases.isHeldElsewhere(slot), false)
  const newcomer = contend(two.leases, slot, '198.51.100.0/24')
  await holder.asked
  assert.equal(holder.rival, '198.51.100.0/24')
  held[Symbol.dispose]()
  using _lease = await leaseOf(newcomer)
  assert.equal(holder.timesAsked, 1)
  assert.equal(two.leases.isHeld(slot), true)
  assert.equal(here.leases.isHeld(slot), true)
})

test('of those who wait at several workers only the newest gets the lease', async () => {
  const here = primary()
  const slot = anySlot()
  const held = await leaseOf(contend(here.worker().leases, slot))
  const waiting = contend(here.worker().leases, slot)
  const newest = contend(here.worker().leases, slot)
  assert.equal(await waiting.outcome, 'superseded')
  held[Symbol.dispose]()
  using _lease = await leaseOf(newest)
})

test('what a worker that is gone held is nobody else’s before it is given up', async () => {
  const here = primary()
  const [one, two] = [here.worker(), here.worker()]
  const slot = anySlot()
  await leaseOf(contend(one.leases, slot))
  const asked = contend(two.leases, slot)
  void contend(one.leases, anySlot())
  const left = one.seat.leave()
  assert.ok(left.some((lease) => lease.slot === slot))
  let isGiven = false
  void asked.outcome.then(() => (isGiven = true))
  await turn()
  await turn()
  assert.equal(isGiven, false)
  for (const lease of left) lease[Symbol.dispose]()
  using _lease = await leaseOf(asked)
})

test('whoever waited at a worker that is gone waits no longer', async () => {
  const here = primary()
  const [one, two] = [here.worker(), here.worker()]
  const slot = anySlot()
  const held = await leaseOf(contend(two.leases, slot))
  void contend(one.leases, slot)
  await turn()
  await turn()
  assert.deepEqual(one.seat.leave(), [])
  held[Symbol.dispose]()
  await turn()
  assert.equal(here.leases.isHeld(slot), false)
})

test('a worker that is silent for two seconds is passed over; what it says later changes nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const here = primary()
  const [one, two] = [here.worker(), here.worker()]
  const slot = anySlot()
  const silent = contend(one.leases, slot)
  const held = await leaseOf(silent)
  one.line.stopped = true
  const newcomer = contend(two.leases, slot)
  await turn()
  await turn()
  t.mock.timers.tick(1_999)
  assert.deepEqual(here.passedOver, [])
  t.mock.timers.tick(1)
  using _lease = await leaseOf(newcomer)
  assert.deepEqual(here.passedOver, [slot])
  one.line.goOn()
  await silent.asked
  held[Symbol.dispose]()
  await turn()
  assert.equal(here.leases.isHeld(slot), true)
})

test('a worker that answers is waited for, however long it takes to finish', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const here = primary()
  const slot = anySlot()
  const holder = contend(here.worker().leases, slot)
  const held = await leaseOf(holder)
  const newcomer = contend(here.worker().leases, slot)
  await holder.asked
  await turn()
  t.mock.timers.tick(10_000)
  assert.deepEqual(here.passedOver, [])
  held[Symbol.dispose]()
  using _lease = await leaseOf(newcomer)
})

test('a refusal of the primary reaches the request at the worker', async () => {
  const away: Leases = {
    ...processLeases(),
    acquire: async () => {
      throw new Refusal('state-unavailable')
    },
  }
  const { outcome } = contend(primary(away).worker().leases, anySlot())
  await assert.rejects(outcome, { code: 'state-unavailable' })
})

test('what one worker publishes all others learn, and a worker that is gone nothing more', () => {
  const relay = noticeRelay()
  const [one, two, three] = [line(), line(), line()]
  const heard: string[] = []
  for (const [name, { near, far }] of Object.entries({ one, two, three })) {
    const included = relay.include(far)
    workerNotices(near).subscribe((slot) => heard.push(`${name} ${slot}`))
    if (name === 'three') included[Symbol.dispose]()
  }
  const slot = anySlot()
  for (const each of [one, two, three]) each.stopped = true
  workerNotices(one.near).announce(slot)
  for (const each of [one, two, three]) each.goOn()
  assert.deepEqual(heard, [`two ${slot}`])
})
