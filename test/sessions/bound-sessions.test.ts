import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import {
  type BoundSessions,
  type OpenedSession,
  boundSessions,
} from '../../src/sessions/bound-sessions.ts'
import type { SessionNeeds } from '../../src/sessions/needs.ts'
import type { Visit } from '../../src/sessions/session-life.ts'
import { sessionRoom } from '../../src/sessions/session-room.ts'
import { type Visitor, visitOf } from '../../src/sessions/visitor.ts'
import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { HOUR, MOBILE, START, WIFI, slot } from './fixture.ts'

const A = slot('a')
const B = slot('b')

interface Fixture {
  readonly bound: BoundSessions
  readonly store: SessionNeeds['store']
  readonly told: string[]
  time: number
  /** The store cannot be reached. */
  isAway: boolean
  /** A request of that client now. */
  visit(visitor: Visitor): Visit
  /** The sessions of another process. */
  another(): BoundSessions
  /** Those of one of several processes that share the store. */
  among(): BoundSessions
}

function fixture(maxSessions = 10): Fixture {
  const told: string[] = []
  const memory = memorySessionStore()
  const store: SessionNeeds['store'] = {
    ...memory,
    find: async (key) => {
      if (f.isAway) throw new Refusal('state-unavailable')
      return await memory.find(key)
    },
    remove: async (keys) => {
      if (f.isAway) throw new Refusal('state-unavailable')
      return await memory.remove(keys)
    },
  }
  const needs: SessionNeeds = {
    store,
    events: {
      opened: () => told.push('opened'),
      networkChanged: (_session, { to }) => told.push(`→ ${to.network}`),
      expired: () => told.push('expired'),
      evicted: () => told.push('evicted'),
      noRoom: () => told.push('no room'),
    },
    clock: () => f.time,
    policy: () => ({ isEnabled: true, maxSessions, maxAge: 72 * HOUR }),
    networkName: ({ network }) => network,
  }
  const another = (): BoundSessions => boundSessions(needs, sessionRoom(needs))
  const among = (): BoundSessions => boundSessions({ ...needs, isShared: true }, sessionRoom(needs))
  const visit = (visitor: Visitor): Visit => visitOf(visitor, needs)
  const rest = { visit, another, among }
  const f: Fixture = { bound: another(), store, told, time: START, isAway: false, ...rest }
  return f
}

async function opened(bound: BoundSessions, of = A, visitor = WIFI): Promise<OpenedSession> {
  const binding = { key: 'hmac', kid: 'k1', nonceHash: 'n', user: 'romeo@example.org' } as const
  const made = await bound.open({ slot: of, visitor, binding })
  assert.ok(made)
  return made
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code
}

suite('sessions with a key', () => {
  test('are stored before anybody is told of them, under a name that does not tell the id', async () => {
    const { bound, store } = fixture()
    const { id, session } = await opened(bound)
    const stored = await store.find(session.key)
    assert.deepEqual(stored, session)
    assert.ok(!JSON.stringify(stored).includes(id))
    assert.deepEqual(stored?.uploads, [A])
  })

  test('are found by every process until they are too old', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    assert.deepEqual(await f.another().find(session.key), session)
    f.time += 72 * HOUR
    assert.equal(await f.bound.find(session.key), undefined)
  })

  test('are refused when all that are there have unfinished uploads, and make room for others when they have none', async () => {
    const f = fixture(1)
    const { session } = await opened(f.bound)
    await assert.rejects(opened(f.bound, B), refused('session-unavailable'))
    assert.deepEqual(f.told, ['no room'])
    f.bound.left(session.key, A)
    await f.bound.flush()
    await opened(f.bound, B)
    assert.deepEqual(f.told, ['no room', 'evicted'])
    assert.equal(await f.bound.find(session.key), undefined)
  })

  test('leave room for one other when they end, however often they are ended', async () => {
    const f = fixture(2)
    const { session } = await opened(f.bound)
    await Promise.all([f.bound.end(session), f.bound.end(session), f.another().end(session)])
    await opened(f.bound)
    await opened(f.bound)
    await assert.rejects(opened(f.bound), refused('session-unavailable'))
    assert.equal(await f.store.count(), 2)
  })

  test('remember every network that they proved themselves from, which is told once', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    await f.bound.proved(session, f.visit(MOBILE))
    const moved = await f.bound.find(session.key)
    assert.ok(moved)
    assert.deepEqual(
      moved.networks.map(({ network }) => network),
      ['192.0.2.0/24', '198.51.100.0/24'],
    )
    assert.equal(moved.bound.provedAt, START)
    assert.equal(moved.changes, undefined)
    await f.bound.proved(moved, f.visit(MOBILE))
    assert.deepEqual(f.told, ['→ 198.51.100.0/24'])
  })

  test('are confirmed for every process, on top of what another one has learnt', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    await f.another().proved(session, f.visit(MOBILE))
    f.time += HOUR
    await f.bound.confirmed(session, f.time)
    const known = await f.another().find(session.key)
    assert.deepEqual([known?.bound.confirmedAt, known?.networks.length], [START + HOUR, 2])
  })

  test('write nothing for one more request of the same client in the same place', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    await f.bound.proved(session, f.visit(WIFI))
    const known = await f.bound.find(session.key)
    assert.ok(known)
    f.time += 9_000
    await f.bound.proved(known, f.visit(WIFI))
    assert.deepEqual(await f.bound.find(session.key), known)
    f.time += 9_000
    await f.bound.proved(known, f.visit(WIFI))
    assert.equal((await f.bound.find(session.key))?.lastActiveAt, f.time)
  })

  test('lose no refresh that several processes count at once, and get no more than they may', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    const processes = Array.from({ length: 4 }, () => f.another())
    const asked = processes.map(async (each) => await each.refresh(session, 3))
    const numbers = await Promise.allSettled(asked)
    const given = numbers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    assert.deepEqual(new Set(given), new Set([1, 2, 3]))
    assert.equal(given.length, 3)
    await assert.rejects(f.bound.refresh(session, 3), refused('refreshes-exhausted'))
  })

  test('take what the latest refresh gave in the place of what earlier ones gave', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    await f.bound.useRefresh(session, 1)
    await f.bound.useRefresh(session, 2)
    await f.bound.useRefresh(session, 2)
    await assert.rejects(f.bound.useRefresh(session, 1), refused('grant-expired'))
  })

  test('that may take the place of another are no younger, and have no more refreshes left; that one stays as it is', async () => {
    const f = fixture()
    const { session: older } = await opened(f.bound)
    await f.bound.refresh(older, 3)
    f.time += HOUR
    const { session: newer } = await opened(f.bound)
    const known = await f.bound.find(older.key)
    assert.ok(known)
    const now = await f.bound.succeed(newer, known)
    assert.deepEqual([now.openedAt, now.lastActiveAt, now.bound.refreshes], [START, f.time, 1])
    assert.deepEqual(await f.bound.find(newer.key), now)
    assert.deepEqual(await f.bound.find(older.key), known)
  })

  test('that may take the place of another have been where that one was, and changed networks as often', async () => {
    const f = fixture()
    const { session: older } = await opened(f.bound)
    const { session: newer } = await opened(f.bound, A, MOBILE)
    const { networks, switches, changes } = await f.bound.succeed(newer, older)
    assert.deepEqual(
      networks.map(({ network }) => network),
      ['192.0.2.0/24', '198.51.100.0/24'],
    )
    assert.deepEqual([switches, changes], [1, [START]])
  })

  test('have no upload that another took the place for, even if it was heard of before and not yet stored', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    f.bound.kept(session.key, A)
    f.bound.left(session.key, A)
    await f.bound.flush()
    assert.deepEqual((await f.bound.find(session.key))?.uploads, [])
  })

  test('learn of a slot that joins them at once where another process may be asked to end them', async () => {
    const f = fixture()
    const [one, other] = [f.among(), f.among()]
    const { session } = await opened(one)
    one.kept(session.key, B)
    await new Promise(setImmediate)
    assert.deepEqual((await other.find(session.key))?.uploads, [A, B])
  })

  test('were active when the last byte of an upload came that is stored to have ended, and no later', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    f.time += HOUR
    f.bound.left(session.key, A, f.time)
    f.time += HOUR
    f.bound.left(session.key, B, START)
    await f.bound.flush()
    assert.equal((await f.bound.find(session.key))?.lastActiveAt, START + HOUR)
  })

  test('whose end could not be stored hold no upload that they had left', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    f.bound.left(session.key, A)
    f.isAway = true
    await assert.rejects(f.bound.end(session), refused('state-unavailable'))
    f.isAway = false
    await f.bound.flush()
    assert.deepEqual((await f.bound.find(session.key))?.uploads, [])
  })

  test('learn of their uploads with the next flush, and with the one after it when the store was away', async () => {
    const f = fixture()
    const { session } = await opened(f.bound)
    f.bound.kept(session.key, B)
    f.isAway = true
    await assert.rejects(f.bound.flush(), refused('state-unavailable'))
    f.bound.left(session.key, A)
    f.isAway = false
    await f.bound.flush()
    assert.deepEqual((await f.bound.find(session.key))?.uploads, [B])
  })
})
