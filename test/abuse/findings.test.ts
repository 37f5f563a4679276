import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../src/abuse/finding-table.ts'
import { type Findings, findings } from '../../src/abuse/findings.ts'
import { MOST_MARKS, type MarkStore } from '../../src/abuse/ports.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { memoryFindings } from './memory-findings.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const SUBJECT = 'network:192.0.2.0/24'
const FINDING = { pattern: 'failing-proofs', subject: SUBJECT, at: NOON, until: NOON + 60_000 }
/** Ends it, and what others may have found of it by now. */
const LIFT = FINDING
const SHARED = { isShared: true }

/** Two servers with one store, and what the second learns. */
interface Pair {
  readonly here: Findings
  readonly there: Findings
  readonly learnt: Finding[]
  now: number
  isReachable: boolean
  isWritable: boolean
  /** Runs once, after the next list was read and before the answer is there. */
  meanwhile: (() => Promise<void>) | undefined
  readonly lost: string[]
}

function pair(): Pair {
  const state: Pick<Pair, 'now' | 'isReachable' | 'isWritable' | 'meanwhile'> = {
    now: NOON,
    isReachable: true,
    isWritable: true,
    meanwhile: undefined,
  }
  const clock = (): number => state.now
  const store = memoryFindings(clock, (list) => failing(list, state))
  const learnt: Finding[] = []
  const lost: string[] = []
  return Object.assign(state, {
    here: findings({ store, clock, lost: ({ code }) => lost.push(code) }),
    there: findings({ store, clock, learnt: (finding) => learnt.push(finding) }),
    learnt,
    lost,
  })
}

/** A store that cannot be reached at times. */
function failing(
  store: MarkStore,
  state: Pick<Pair, 'isReachable' | 'isWritable' | 'meanwhile'>,
): MarkStore {
  async function asked<T>(work: () => Promise<T>): Promise<T> {
    if (!state.isReachable) throw new Refusal('state-unavailable')
    return await work()
  }
  return {
    async put(mark) {
      if (!state.isWritable) throw new Refusal('state-unavailable')
      await asked(async () => await store.put(mark))
    },
    remove: async (name) => await asked(async () => await store.remove(name)),
    async all() {
      const found = await asked(async () => await store.all())
      const { meanwhile } = state
      state.meanwhile = undefined
      await meanwhile?.()
      return found
    },
  }
}

function holds({ here, there }: Pair): readonly boolean[] {
  return [here, there].map((each) => isHeld(each))
}

function isHeld(one: Findings, { pattern, subject } = FINDING): boolean {
  return one.find(pattern, subject) !== undefined
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
  assert.ok(!isHeld(both.here, { ...FINDING, subject: 'network:192.0.3.0/24' }))
  assert.ok(!isHeld(both.here, { ...FINDING, pattern: 'grant-on-two-networks' }))
})

test('what holds already is no news, and not made longer', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  assert.ok(!both.here.note({ ...FINDING, until: NOON + 90_000 }, SHARED))
  both.now = FINDING.until
  assert.deepEqual(holds(both), [false, false])
  assert.ok(both.here.note({ ...FINDING, until: NOON + 90_000 }, SHARED))
})

test('what need not be shared holds nowhere, and is not told again here', async () => {
  const both = pair()
  assert.ok(both.here.note(FINDING, { isShared: false }))
  assert.ok(!both.here.note(FINDING, { isShared: false }))
  await refresh(both)
  assert.deepEqual(holds(both), [false, false])
  assert.ok(both.here.isEmpty())
})

test('what need not be shared and then is holds from then on, everywhere', async () => {
  const both = pair()
  both.here.note(FINDING, { isShared: false })
  assert.ok(both.here.note(FINDING, SHARED))
  await refresh(both)
  assert.deepEqual(holds(both), [true, true])
})

test('what is lifted on one server ends on all, also before it was told', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await refresh(both)
  assert.ok(await both.there.lift(LIFT, SHARED))
  assert.deepEqual(holds(both), [true, false])
  await both.there.refresh()
  await both.here.refresh()
  assert.deepEqual(holds(both), [false, false])
  both.here.note(FINDING, SHARED)
  assert.ok(await both.here.lift(LIFT, SHARED))
  await refresh(both)
  assert.deepEqual(holds(both), [false, false])
})

test('what is lifted where it is not known yet ends everywhere when it is told; what only one server may know does not', async () => {
  for (const isShared of [true, false]) {
    const both = pair()
    both.here.note(FINDING, SHARED)
    assert.equal(await both.there.lift(LIFT, { isShared }), false)
    await refresh(both)
    await both.here.refresh()
    assert.deepEqual(holds(both), isShared ? [false, false] : [true, true])
  }
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
  assert.ok(isHeld(both.here, next))
  both.isReachable = true
  await refresh(both)
  assert.ok(isHeld(both.there, next))
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

test('what is lifted while the list is read does not come back with the answer', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  await refresh(both)
  both.meanwhile = async () => {
    await both.there.lift(LIFT, SHARED)
  }
  await both.there.refresh()
  assert.ok(!isHeld(both.there))
})

test('what two servers find at once stays lifted, also if the second tells it after it was lifted', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  both.there.note(FINDING, SHARED)
  await both.here.refresh()
  await both.here.lift(LIFT, SHARED)
  await refresh({ ...both, here: both.there, there: both.here })
  await both.there.refresh()
  assert.deepEqual(holds(both), [false, false])
  const again = { ...FINDING, at: LIFT.at + 1 }
  both.there.note(again, SHARED)
  await refresh({ ...both, here: both.there, there: both.here })
  assert.deepEqual(holds(both), [true, true])
})

test('what is found again after it was lifted holds, also if findings last less than before', async () => {
  const both = pair()
  both.here.note({ ...FINDING, until: NOON + 600_000 }, SHARED)
  await refresh(both)
  await both.there.lift({ ...FINDING, at: NOON + 1, until: NOON + 600_001 }, SHARED)
  await refresh(both)
  assert.deepEqual(holds(both), [false, false])
  both.here.note({ ...FINDING, at: NOON + 2 }, SHARED)
  await refresh(both)
  await refresh(both)
  assert.deepEqual(holds(both), [true, true])
})

test('a finding that ended while it was told, and was made anew, is told again', async () => {
  const both = pair()
  both.here.note(FINDING, SHARED)
  const again = { ...FINDING, until: NOON + 120_000 }
  both.meanwhile = async () => {
    both.now = FINDING.until
    both.here.note(again, SHARED)
  }
  await both.here.refresh()
  await refresh(both)
  assert.equal(both.there.find(FINDING.pattern, SUBJECT)?.until, again.until)
})

test('while nothing can be written, what others found and ended is followed, and the trouble is told once', async () => {
  const both = pair()
  both.here.note({ ...FINDING, subject: 'network:192.0.3.0/24' }, SHARED)
  both.there.note(FINDING, SHARED)
  await both.there.refresh()
  both.isWritable = false
  await both.here.refresh()
  await both.here.refresh()
  assert.deepEqual(holds(both), [true, true])
  assert.deepEqual(both.lost, ['state-unavailable'])
  both.isWritable = true
  await both.here.refresh()
  both.isWritable = false
  await both.here.refresh()
  assert.deepEqual(both.lost, ['state-unavailable'])
  both.isReachable = false
  await both.here.refresh()
  assert.deepEqual(both.lost, ['state-unavailable', 'state-unavailable'])
})

test('of too many findings those are forgotten that end soonest, of one pattern none because of another', async () => {
  const both = pair()
  const user = {
    pattern: 'uploads-deleted-for-abuse',
    subject: 'user:a@b',
    at: NOON,
    until: NOON + 1,
  }
  both.here.note(user, SHARED)
  const late = { ...FINDING, until: NOON + 1_000_000 }
  both.here.note(late, SHARED)
  const subjects = Array.from({ length: MOST_MARKS + 10 }, (_, n) => `network:${n}`)
  for (const [n, subject] of subjects.entries()) {
    both.here.note({ ...FINDING, subject, until: NOON + 10 + n }, SHARED)
  }
  const held = (one: Findings): readonly boolean[] =>
    [user, late, { ...FINDING, subject: 'network:0' }].map((each) => isHeld(one, each))
  assert.deepEqual(held(both.here), [true, true, false])
  await refresh(both)
  assert.deepEqual(held(both.there), [true, true, false])
})

test('what is only watched for takes no room from what holds', () => {
  const { here } = pair()
  here.note(FINDING, SHARED)
  for (let n = 0; n < 2 * MOST_MARKS; n += 1) {
    here.note({ ...FINDING, subject: `s${n}`, until: FINDING.until + 1 + n }, { isShared: false })
  }
  assert.ok(isHeld(here))
})
