import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Finding, type Findings, findings } from '../../src/abuse/findings.ts'
import type { MarkStore } from '../../src/abuse/ports.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { memoryMarkStore } from '../../src/stores/memory/mark-store.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const SUBJECT = 'network:192.0.2.0/24'
const FINDING = { pattern: 'failing-proofs', subject: SUBJECT, until: NOON + 60_000 }
const SHARED = { isShared: true }

/** Two servers with one store, and what the second learns. */
interface Pair {
  readonly here: Findings
  readonly there: Findings
  readonly learnt: Finding[]
  now: number
  isReachable: boolean
}

function pair(): Pair {
  const state = { now: NOON, isReachable: true }
  const clock = (): number => state.now
  const store = failing(memoryMarkStore(clock), () => !state.isReachable)
  const learnt: Finding[] = []
  return Object.assign(state, {
    here: findings({ store, clock }),
    there: findings({ store, clock, learnt: (finding) => learnt.push(finding) }),
    learnt,
  })
}

/** A store that cannot be reached at times. */
function failing(store: MarkStore, isAway: () => boolean): MarkStore {
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    if (isAway()) throw new Refusal('state-unavailable')
    return await work()
  }
  return {
    put: async (mark) => await asked(async () => await store.put(mark)),
    remove: async (name) => await asked(async () => await store.remove(name)),
    all: async () => await asked(async () => await store.all()),
  }
}

function holds({ here, there }: Pair): readonly boolean[] {
  return [here, there].map((each) => each.holds(FINDING.pattern, SUBJECT))
}

async function refresh({ here, there }: Pair): Promise<void> {
  await here.refresh()
  await there.refresh()
}

test('what one server finds holds there at once, on others when they have asked, and ends by itself', async () => {
  const both = pair()
  assert.ok(both.here.note(FINDING, SHARED))
  assert.deepEqual(holds(both), [true, false])
  await refresh(both)
  assert.deepEqual(holds(both), [true, true])
  both.now = FINDING.until
  assert.deepEqual(holds(both), [false, false])
})

test('a finding is of one subject and one pattern, and of no other', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  assert.ok(!both.here.holds('failing-proofs', 'network:192.0.3.0/24'))
  assert.ok(!both.here.holds('grant-on-two-networks', SUBJECT))
})

test('what holds already is no news, and not made longer', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  assert.ok(!both.here.note({ ...FINDING, until: NOON + 90_000 }, SHARED))
  both.now = FINDING.until
  assert.deepEqual(holds(both), [false, false])
  assert.ok(both.here.note({ ...FINDING, until: NOON + 90_000 }, SHARED))
})

test('what need not be shared stays here, whatever the others say', async () => {
  const both = pair()
  both.here.note(FINDING, { isShared: false })
  await refresh(both)
  await refresh(both)
  assert.deepEqual(holds(both), [true, false])
})

test('what is lifted on one server ends on all, also before it was told', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await refresh(both)
  both.there.lift(FINDING.pattern, SUBJECT)
  assert.deepEqual(holds(both), [true, false])
  await both.there.refresh()
  await both.here.refresh()
  assert.deepEqual(holds(both), [false, false])
  both.here.note(FINDING, SHARED)
  both.here.lift(FINDING.pattern, SUBJECT)
  await refresh(both)
  assert.deepEqual(holds(both), [false, false])
})

test('without its store a server goes on with what it knows, and tells it when the store is back', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await refresh(both)
  both.isReachable = false
  const next = { ...FINDING, pattern: 'grant-on-two-networks' }
  both.here.note(next, SHARED)
  await refresh(both)
  assert.deepEqual(holds(both), [true, true])
  assert.ok(both.here.holds(next.pattern, SUBJECT))
  both.isReachable = true
  await refresh(both)
  assert.ok(both.there.holds(next.pattern, SUBJECT))
})

test('a server that ends tells what it has just found', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await both.here[Symbol.asyncDispose]()
  await both.there.refresh()
  assert.deepEqual(holds(both), [true, true])
})

test('what others find is learnt once, and what was there before the server began is no news', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await refresh(both)
  assert.deepEqual(both.learnt, [])
  const next = { ...FINDING, subject: 'user:a b@c' }
  both.here.note(next, SHARED)
  await refresh(both)
  await refresh(both)
  assert.deepEqual(both.learnt, [next])
})

test('fifty thousand findings take no more room than those that are kept', async () => {
  const { here } = pair()
  for (let n = 0; n < 50_000; n += 1) here.note({ ...FINDING, subject: `s${n}` }, SHARED)
  assert.ok(!here.holds(FINDING.pattern, 's0'))
  assert.ok(!here.holds(FINDING.pattern, 's45000'))
  assert.ok(here.holds(FINDING.pattern, 's49999'))
})
