import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Sessions } from '../../src/sessions/sessions.ts'
import { HOUR, MOBILE, WIFI, fixture, slot } from './fixture.ts'

const MAX = 3
const NEVER = new AbortController().signal

/** What can happen to a few slots, in any order. */
const steps = fc.array(
  fc.record({
    slot: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    what: fc.constantFrom('visit', 'switch', 'open', 'end', 'flush', 'cleanup', 'restart'),
    wait: fc.constantFrom(0, 1_000, 2 * 60_000, 2 * HOUR),
  }),
  { maxLength: 60 },
)

test('no order of events evicts a session with an unfinished upload, stores one too many, or leaves one behind', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      // Nobody gets so old here, so that whatever goes missing was evicted.
      const f = fixture({ maxSessions: MAX, maxAge: 1_000 * HOUR })
      const uploading = new Set<string>()
      let { sessions } = f
      for (const { slot: name, what, wait } of list) {
        f.time += wait
        if (what === 'restart') {
          await sessions.flush()
          sessions = f.another()
          await sessions.cleanup(NEVER)
        }
        const before = f.told.length
        await happen(sessions, { name, what, uploading })
        if (f.told.slice(before).includes('opened')) uploading.add(name)
        if (what !== 'flush') continue
        for (const kept of uploading) {
          if (!f.refused.has(slot(kept))) assert.ok(await f.store.find(slot(kept)), kept)
        }
        assert.ok((await f.store.count()) <= MAX, 'too many')
      }
      assert.ok(!f.told.includes('evicted'))
      for (const name of uploading) sessions.ended(slot(name))
      await sessions.flush()
      assert.equal(await f.store.count(), 0)
    }),
  )
})

async function happen(
  sessions: Sessions,
  { name, what, uploading }: { name: string; what: string; uploading: Set<string> },
): Promise<void> {
  const key = slot(name)
  if (what === 'visit') sessions.visit(key, WIFI)
  if (what === 'switch') sessions.visit(key, MOBILE)
  // A slot is opened by the request that is there, and only once.
  if (what === 'open' && !uploading.has(name)) {
    sessions.visit(key, WIFI)
    sessions.opened(key)
  }
  if (what === 'end') {
    uploading.delete(name)
    sessions.ended(key)
  }
  if (what === 'flush') await sessions.flush()
  if (what === 'cleanup') await sessions.cleanup(NEVER)
}
