import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { SessionRecord } from '../../src/sessions/session-record.ts'
import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { type Fixture, MOBILE, START, WIFI, clientAt, fixture, slot } from './fixture.ts'

const A = slot('a')
const TRAIN = { client: clientAt('203.0.113.7'), userAgent: 'Dino/0.5' }
const NETWORKS = [WIFI, MOBILE, TRAIN]

/** Requests of one client one after the other, each seen by one of two processes, and when these store. */
const days = fc.array(
  fc.record({
    network: fc.constantFrom(...NETWORKS),
    process: fc.nat({ max: 1 }),
    wait: fc.integer({ min: 1, max: 900 }),
    flushes: fc.array(fc.nat({ max: 1 }), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 16 },
)

test('whichever of two processes sees which request, and whenever they store, the session is that of one that sees all', async () => {
  await fc.assert(
    fc.asyncProperty(days, async (day) => {
      const [f, whole] = [fixture(), fixture()]
      const processes = [f.among(), f.among()]
      for (const [at, { network, process, wait, flushes }] of day.entries()) {
        f.time += wait
        whole.time += wait
        for (const sessions of [processes[process], whole.sessions]) {
          sessions?.visit(A, network)
          if (at === 0) sessions?.opened(A)
        }
        for (const flushing of flushes) await processes[flushing]?.flush()
      }
      for (const sessions of [...processes, ...processes, whole.sessions]) await sessions.flush()
      assert.deepEqual(await remembered(f), await remembered(whole))
      assert.equal(switchesTold(f).length, switchesTold(whole).length)
    }),
  )
})

async function away(): Promise<never> {
  return await Promise.reject(new Error('away'))
}

/** What is stored of the session, without what serves several processes only. */
async function remembered({ store }: Fixture): Promise<Partial<SessionRecord> | undefined> {
  const session = await store.find(A)
  if (session === undefined) return undefined
  const { trail: _trail, revision: _revision, ...rest } = session
  return rest
}

function switchesTold({ told }: Fixture): readonly string[] {
  return told.filter((line) => line.includes(' → '))
}

test('what one process saw before another stored something newer is no switch back', async () => {
  const f = fixture()
  const [one, other] = [f.among(), f.among()]
  one.visit(A, WIFI)
  one.opened(A)
  await one.flush()
  f.time += 1
  one.visit(A, WIFI)
  f.time += 1
  other.visit(A, MOBILE)
  await other.flush()
  await one.flush()
  assert.deepEqual(switchesTold(f), ['192.0.2.0/24 → 198.51.100.0/24'])
  assert.equal((await f.store.find(A))?.networks.at(-1)?.network, '198.51.100.0/24')
})

test('an upload that ends in one process leaves no session of another, and its switch is told once', async () => {
  const f = fixture()
  const [one, other] = [f.among(), f.among()]
  one.visit(A, WIFI)
  one.opened(A)
  f.time += 1
  other.visit(A, MOBILE)
  other.ended(A)
  for (const sessions of [other, one, other, one]) await sessions.flush()
  assert.equal(await f.store.find(A), undefined)
  assert.deepEqual(switchesTold(f), ['192.0.2.0/24 → 198.51.100.0/24'])
})

test('of two processes that store at the same time neither loses what the other saw', async () => {
  const f = fixture()
  const [one, other] = [f.among(), f.among()]
  one.visit(A, WIFI)
  one.opened(A)
  await one.flush()
  for (const sessions of [one, other]) {
    f.time += 1
    sessions.visit(A, MOBILE)
  }
  await Promise.all([one.flush(), other.flush()])
  assert.equal((await f.store.find(A))?.requests, 3)
  assert.equal(switchesTold(f).length, 1)
})

test('what the store could not take is joined the next time, with what came meanwhile', async () => {
  const memory = memorySessionStore()
  let isAway = false
  const f = fixture(
    {},
    {
      ...memory,
      replace: async (...args) => (isAway ? await away() : await memory.replace(...args)),
      save: async (...args) => (isAway ? await away() : await memory.save(...args)),
    },
  )
  const sessions = f.among()
  for (const network of [WIFI, MOBILE, WIFI]) {
    isAway = network === MOBILE || f.time === START
    sessions.visit(A, network)
    sessions.opened(A)
    if (isAway) await assert.rejects(sessions.flush(), /away/u)
    else await sessions.flush()
    f.time += 1
  }
  assert.partialDeepStrictEqual(await f.store.find(A), { requests: 3, switches: 2 })
  assert.equal(switchesTold(f).length, 2)
})
