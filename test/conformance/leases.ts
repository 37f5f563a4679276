import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { randomId } from '../../src/core/random.ts'
import { type Fingerprint, fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { Lease, Leases } from '../../src/engine/ports.ts'

/** A slot that nobody else uses. */
export function anySlot(): Fingerprint {
  return fingerprintOf(parseSlotPath(randomId(12)))
}

/** Somebody who wants the lease of a slot. */
interface Contender {
  readonly outcome: Promise<Lease | 'superseded'>
  /** Resolves when the contender is asked to give the lease back. */
  readonly asked: Promise<void>
  readonly abort: (reason: Error) => void
  timesAsked: number
  /** Where the newcomer came from that had it asked. */
  rival: string | undefined
}

/** Asks for the lease of a slot, and counts how often it is asked back. */
export function contend(leases: Leases, slot: Fingerprint, by?: string): Contender {
  const asking = Promise.withResolvers<void>()
  const aborting = new AbortController()
  const release = (rival?: string): void => {
    contender.timesAsked++
    contender.rival = rival
    asking.resolve()
  }
  const contender: Contender = {
    outcome: Promise.resolve('superseded'),
    asked: asking.promise,
    abort: (reason) => aborting.abort(reason),
    timesAsked: 0,
    rival: undefined,
  }
  const outcome = leases.acquire(slot, {
    release,
    signal: aborting.signal,
    ...(by === undefined ? {} : { by }),
  })
  return Object.assign(contender, { outcome })
}

/** The lease that the contender got. */
export async function leaseOf(contender: Contender): Promise<Lease> {
  const lease = await contender.outcome
  assert.notEqual(lease, 'superseded')
  assert.ok(typeof lease === 'object')
  return lease
}

/** What every `Leases` does. */
export function leasesConformance(name: string, open: () => Leases): void {
  suite(`leases ${name}`, () => {
    holdingCases(open)
    contentionCases(open)
    abortCases(open)
  })
}

function holdingCases(open: () => Leases): void {
  test('a free slot is leased at once and is held until it is given back', async () => {
    const leases = open()
    const slot = anySlot()
    assert.equal(leases.isHeld(slot), false)
    const holder = contend(leases, slot)
    const lease = await leaseOf(holder)
    assert.equal(lease.slot, slot)
    assert.equal(leases.isHeld(slot), true)
    lease[Symbol.dispose]()
    assert.equal(leases.isHeld(slot), false)
    assert.equal(holder.timesAsked, 0)
  })

  test('leases of different slots do not meet', async () => {
    const leases = open()
    const one = contend(leases, anySlot())
    using _one = await leaseOf(one)
    using _two = await leaseOf(contend(leases, anySlot()))
    assert.equal(one.timesAsked, 0)
  })

  test("giving a lease back twice does not take the next holder's away", async () => {
    const leases = open()
    const slot = anySlot()
    const first = await leaseOf(contend(leases, slot))
    const second = contend(leases, slot)
    first[Symbol.dispose]()
    using _lease = await leaseOf(second)
    first[Symbol.dispose]()
    assert.equal(leases.isHeld(slot), true)
  })
}

function contentionCases(open: () => Leases): void {
  test('a newcomer has the holder asked once and gets the lease when it is given back', async () => {
    const leases = open()
    const slot = anySlot()
    const holder = contend(leases, slot)
    const held = await leaseOf(holder)
    const newcomer = contend(leases, slot)
    await holder.asked
    let isGiven = false
    void newcomer.outcome.then(() => (isGiven = true))
    await Promise.resolve()
    assert.equal(isGiven, false)
    held[Symbol.dispose]()
    using _lease = await leaseOf(newcomer)
    assert.equal(leases.isHeld(slot), true)
    assert.equal(holder.timesAsked, 1)
    assert.equal(newcomer.timesAsked, 0)
  })

  test('a holder is told where the newcomer comes from', async () => {
    const leases = open()
    const slot = anySlot()
    const holder = contend(leases, slot, '192.0.2.0/24')
    const held = await leaseOf(holder)
    const newcomer = contend(leases, slot, '198.51.100.0/24')
    await holder.asked
    assert.equal(holder.rival, '198.51.100.0/24')
    held[Symbol.dispose]()
    using _lease = await leaseOf(newcomer)
  })

  test('of those who wait only the newest gets the lease, the others are superseded', async () => {
    const leases = open()
    const slot = anySlot()
    const holder = contend(leases, slot)
    const held = await leaseOf(holder)
    const waiting = Array.from({ length: 5 }, () => contend(leases, slot))
    const newest = contend(leases, slot)
    for (const { outcome } of waiting) assert.equal(await outcome, 'superseded')
    held[Symbol.dispose]()
    using _lease = await leaseOf(newest)
    assert.equal(holder.timesAsked, 1)
  })

  test('a holder that gives back within the question hands the lease over', async () => {
    const leases = open()
    const slot = anySlot()
    const signal = new AbortController().signal
    let held: Lease | 'superseded' | undefined
    const release = (): void => {
      if (typeof held === 'object') held[Symbol.dispose]()
    }
    held = await leases.acquire(slot, { release, signal })
    using _lease = await leaseOf(contend(leases, slot))
  })
}

function abortCases(open: () => Leases): void {
  const reason = new Error('the client is gone')

  test('who is aborted before asking gets the reason and no lease', async () => {
    const leases = open()
    const slot = anySlot()
    const signal = AbortSignal.abort(reason)
    await assert.rejects(
      async () => await leases.acquire(slot, { release: () => {}, signal }),
      reason,
    )
    assert.equal(leases.isHeld(slot), false)
  })

  test('who is aborted while waiting gets the reason, and the holder was asked all the same', async () => {
    const leases = open()
    const slot = anySlot()
    const holder = contend(leases, slot)
    const held = await leaseOf(holder)
    const quitter = contend(leases, slot)
    await holder.asked
    quitter.abort(reason)
    await assert.rejects(quitter.outcome, reason)
    assert.equal(leases.isHeld(slot), true)
    const next = contend(leases, slot)
    held[Symbol.dispose]()
    using _lease = await leaseOf(next)
    assert.equal(holder.timesAsked, 1)
  })

  test('an abort after the lease was given changes nothing', async () => {
    const leases = open()
    const slot = anySlot()
    const held = await leaseOf(contend(leases, slot))
    const second = contend(leases, slot)
    held[Symbol.dispose]()
    second.abort(reason)
    using _lease = await leaseOf(second)
    assert.equal(leases.isHeld(slot), true)
  })

  test('an abort of somebody superseded leaves the newer one waiting', async () => {
    const leases = open()
    const slot = anySlot()
    const held = await leaseOf(contend(leases, slot))
    const older = contend(leases, slot)
    const newer = contend(leases, slot)
    older.abort(reason)
    assert.equal(await older.outcome, 'superseded')
    held[Symbol.dispose]()
    using _lease = await leaseOf(newer)
  })
}
