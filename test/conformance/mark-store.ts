import assert from 'node:assert/strict'
import { type TestContext, suite, test } from 'node:test'
import type { Clock } from '../../src/core/clock.ts'
import { MOST_MARKS, type MarkStore } from '../../src/abuse/ports.ts'

const NOON = Date.UTC(2026, 10, 22, 12)

/** Opens two stores over the same empty list, as two processes do. */
export type OpenMarks = (
  t: TestContext,
  clock: Clock,
) => Promise<readonly [here: MarkStore, there: MarkStore]>

/** What every `MarkStore` does. */
export function markStoreConformance(name: string, open: OpenMarks): void {
  suite(`marks ${name}`, () => {
    test('what one process puts into the list, all see, the latest end first', async (t) => {
      const [here, there] = await open(t, () => NOON)
      await here.put({ name: 'a 1', until: NOON + 1000 })
      await there.put({ name: 'b é@x/y z', until: NOON + 2000 })
      const all = [
        { name: 'b é@x/y z', until: NOON + 2000 },
        { name: 'a 1', until: NOON + 1000 },
      ]
      assert.deepEqual([await here.all(), await there.all()], [all, all])
    })

    test('a name that is put again has its new end, an earlier one, too', async (t) => {
      const [here, there] = await open(t, () => NOON)
      for (const until of [NOON + 1000, NOON + 3000, NOON + 2000]) {
        await here.put({ name: 'a', until })
        assert.deepEqual(await there.all(), [{ name: 'a', until }])
      }
    })

    test('what has ended is not there any more', async (t) => {
      let now = NOON
      const [here] = await open(t, () => now)
      await here.put({ name: 'a', until: NOON + 1000 })
      await here.put({ name: 'b', until: NOON + 2000 })
      now = NOON + 1000
      assert.deepEqual(await here.all(), [{ name: 'b', until: NOON + 2000 }])
    })

    test('what is taken out is gone for all, and only what was there was taken', async (t) => {
      const [here, there] = await open(t, () => NOON)
      await here.put({ name: 'a', until: NOON + 1000 })
      assert.deepEqual([await there.remove('a'), await here.remove('a')], [true, false])
      assert.deepEqual(await here.all(), [])
    })

    test('of too many those are forgotten that end soonest', async (t) => {
      const [here] = await open(t, () => NOON)
      const ends = Array.from({ length: MOST_MARKS + 2 }, (_, n) => NOON + 1000 + n)
      await Promise.all(ends.map(async (until) => await here.put({ name: `n${until}`, until })))
      const all = await here.all()
      assert.equal(all.length, MOST_MARKS)
      assert.equal(all.at(-1)?.until, NOON + 1002)
    })
  })
}
