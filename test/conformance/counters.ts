import assert from 'node:assert/strict'
import { type TestContext, suite, test } from 'node:test'
import type { Counters } from '../../src/abuse/ports.ts'

/** Counters and the time they see. */
export interface TimedCounters {
  readonly counters: Counters
  /** Lets so many milliseconds pass for what is counted under a name. */
  readonly pass: (name: string, milliseconds: number) => Promise<void>
}

const WINDOW = 60_000

/** How late a store that is not in this process may answer, in milliseconds. */
const LATENESS = 5_000

/** What all `Counters` do; `open` makes some that have counted nothing. */
export function countersConformance(
  name: string,
  open: (t: TestContext) => Promise<TimedCounters>,
): void {
  suite(`counters ${name}`, () => {
    test('each event adds one, and none of them lengthens the window of the first', async (t) => {
      const { counters, pass } = await open(t)
      const first = await counters.add('a', WINDOW)
      assert.equal(first.count, 1)
      assertNear(first.remaining, WINDOW)
      await pass('a', 20_000)
      const second = await counters.add('a', WINDOW)
      assert.equal(second.count, 2)
      assertNear(second.remaining, WINDOW - 20_000)
    })

    test('names are counted apart', async (t) => {
      const { counters } = await open(t)
      await counters.add('a', WINDOW)
      await counters.add('a', WINDOW)
      assert.equal((await counters.add('b', WINDOW)).count, 1)
      assert.equal((await counters.add('a', WINDOW)).count, 3)
    })

    test('the first event after a window begins another one', async (t) => {
      const { counters, pass } = await open(t)
      await counters.add('a', WINDOW)
      await counters.add('a', WINDOW)
      await pass('a', WINDOW)
      const again = await counters.add('a', 10_000)
      assert.equal(again.count, 1)
      assertNear(again.remaining, 10_000)
    })

    test('what is kept stays for the time it is kept, shorter or longer, and goes on from there', async (t) => {
      const { counters, pass } = await open(t)
      for (const remaining of [10_000, 300_000]) {
        await counters.add('a', WINDOW)
        await counters.keep('a', { count: 7, remaining })
        const next = await counters.add('a', WINDOW)
        assert.equal(next.count, 8)
        assertNear(next.remaining, remaining)
        await pass('a', remaining)
        assert.equal((await counters.add('a', WINDOW)).count, 1)
      }
    })

    test('of events that come together none is lost or counted twice', async (t) => {
      const { counters } = await open(t)
      const added = await Promise.all(
        Array.from({ length: 50 }, async () => await counters.add('a', WINDOW)),
      )
      const counts = added.map(({ count }) => count).toSorted((a, b) => a - b)
      assert.deepEqual(
        counts,
        Array.from({ length: 50 }, (_, number) => number + 1),
      )
    })
  })
}

function assertNear(remaining: number, expected: number): void {
  assert.ok(remaining <= expected && remaining > expected - LATENESS, `${remaining} ms`)
}
