import assert from 'node:assert/strict'
import test from 'node:test'
import { Refusal } from '../../src/core/refusals.ts'
import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { HOUR, MOBILE, START, WIFI, clientAt, fixture, slot } from './fixture.ts'

const A = slot('a')
const B = slot('b')
const SWITCH = '192.0.2.0/24 → 198.51.100.0/24'
const NEVER = new AbortController().signal

test('an upload that finishes in one request leaves no stored session, and never touched the store', async () => {
  const touched: string[] = []
  const store = new Proxy(memorySessionStore(), {
    get: (target, verb, self): unknown => {
      if (verb !== 'idle') touched.push(String(verb))
      return Reflect.get(target, verb, self)
    },
  })
  const f = fixture({}, store)
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  f.sessions.ended(A)
  await f.sessions.flush()
  assert.deepEqual(touched, [])
  assert.equal(f.sessions.count(), 0)
  assert.deepEqual(f.told, ['opened'])
})

test('an unfinished upload leaves a session with its network, times and product', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  f.time += 5
  f.sessions.visit(A, WIFI)
  await f.sessions.flush()
  assert.deepEqual(await f.store.find(A), {
    key: A,
    openedAt: START,
    lastActiveAt: START + 5,
    requests: 2,
    switches: 0,
    recoveries: 0,
    networks: [{ network: '192.0.2.0/24', product: 'Dino', firstAt: START, lastAt: START + 5 }],
    uploads: [A],
  })
  assert.equal(f.sessions.count(), 1)
})

test('a second network is told once, and coming back to the first is another switch', async () => {
  const f = fixture()
  for (const visitor of [WIFI, MOBILE, MOBILE, WIFI]) f.sessions.visit(A, visitor)
  assert.deepEqual(f.told, [SWITCH, '198.51.100.0/24 → 192.0.2.0/24'])
  f.sessions.kept(A)
  await f.sessions.flush()
  const session = await f.store.find(A)
  assert.equal(session?.switches, 2)
  assert.deepEqual(
    session?.networks.map(({ network }) => network),
    ['198.51.100.0/24', '192.0.2.0/24'],
  )
})

test('a session remembers the latest eight networks', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.kept(A)
  for (let at = 0; at < 20; at += 1) {
    f.sessions.visit(A, { client: clientAt(`10.0.${at}.1`), userAgent: undefined })
  }
  await f.sessions.flush()
  const networks = (await f.store.find(A))?.networks.map(({ network }) => network)
  assert.deepEqual(
    [networks?.length, networks?.at(0), networks?.at(-1)],
    [8, '10.0.12.0/24', '10.0.19.0/24'],
  )
})

test('after a restart the session goes on as it was stored, and the switch in between is told', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  const restarted = f.another()
  f.time += HOUR
  restarted.visit(A, MOBILE)
  await restarted.flush()
  assert.deepEqual(f.told, ['opened', SWITCH])
  const session = await f.store.find(A)
  assert.equal(session?.openedAt, START)
  assert.equal(session.requests, 2)
  assert.equal(session.switches, 1)
})

test('a client that comes back after a restart and finishes at once has its switch told and its session removed', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  const restarted = f.another()
  restarted.visit(A, MOBILE)
  restarted.ended(A)
  await restarted.flush()
  assert.deepEqual(f.told, ['opened', SWITCH])
  assert.equal(await f.store.count(), 0)
})

test('a stored session ends with its upload', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  f.sessions.ended(A)
  await f.sessions.flush()
  assert.equal(await f.store.count(), 0)
  assert.equal(f.sessions.count(), 0)
})

test('a session that left the memory while its upload was quiet still ends with it', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  f.time += HOUR
  await f.sessions.flush()
  f.sessions.ended(A)
  await f.sessions.flush()
  assert.equal(await f.store.count(), 0)
})

test('a request that the engine refuses leaves nothing', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  await f.sessions.flush()
  assert.equal(await f.store.count(), 0)
  f.time += HOUR
  await f.sessions.flush()
  assert.equal(f.sessions.count(), 0)
  assert.deepEqual(f.told, [])
})

test('with every session uploading, a newcomer goes on without one and none is evicted', async () => {
  const f = fixture({ maxSessions: 1 })
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  f.time += HOUR
  f.sessions.visit(B, WIFI)
  f.sessions.opened(B)
  await f.sessions.flush()
  assert.deepEqual(f.told, ['opened', 'no room'])
  assert.deepEqual([await f.store.count(), f.sessions.count()], [1, 1])
  assert.notEqual(await f.store.find(A), undefined)
})

test('a client that comes back has its session, however full the store is', async () => {
  const f = fixture({ maxSessions: 1 })
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  const restarted = f.another()
  await restarted.cleanup(NEVER)
  restarted.visit(A, MOBILE)
  await restarted.flush()
  assert.deepEqual(f.told, ['opened', SWITCH])
  assert.equal((await f.store.find(A))?.requests, 2)
})

test('an upload without room for its session is told of once, however many requests it takes', async () => {
  const f = fixture({ maxSessions: 1 })
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  const restarted = f.another()
  await restarted.cleanup(NEVER)
  for (const sessions of [f.sessions, f.sessions, restarted, restarted]) {
    sessions.visit(B, MOBILE)
    sessions.opened(B)
    await sessions.flush()
  }
  assert.deepEqual(f.told.filter((line) => line === 'no room').length, 2, 'once by each process')
  f.sessions.ended(B)
  f.sessions.visit(B, WIFI)
  assert.equal(f.told.at(-1), 'no room')
})

test('a newcomer finds no room in a full store, and its upload goes on without a session', async () => {
  const f = fixture({ maxSessions: 1 })
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  const restarted = f.another()
  await restarted.cleanup(NEVER)
  restarted.visit(B, WIFI)
  restarted.opened(B)
  await restarted.flush()
  assert.deepEqual([...f.refused], [B])
  assert.deepEqual([await f.store.count(), restarted.count()], [1, 1])
  restarted.ended(B)
  await restarted.flush()
  assert.notEqual(await f.store.find(A), undefined)
})

test('a request that came to nothing makes room for the next', () => {
  const f = fixture({ maxSessions: 1 })
  f.sessions.visit(A, WIFI)
  f.time += HOUR
  f.sessions.visit(B, WIFI)
  f.sessions.opened(B)
  assert.deepEqual(f.told, ['opened'])
})

test('of stored sessions without an upload the least recently used makes room', async () => {
  const f = fixture({ maxSessions: 2 })
  const idle = [slot('old'), slot('new')].map((key, at) => ({
    key,
    openedAt: START,
    lastActiveAt: START + at,
    requests: 1,
    switches: 0,
    recoveries: 0,
    networks: [],
    uploads: [],
  }))
  await f.store.save(idle)
  await f.sessions.cleanup(NEVER)
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  await f.sessions.flush()
  assert.deepEqual(f.told, ['opened', 'evicted'])
  assert.equal(await f.store.find(slot('old')), undefined)
  assert.notEqual(await f.store.find(slot('new')), undefined)
  assert.equal(f.sessions.count(), 2)
})

test('a session ends at its greatest age, whatever it does', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  f.time += 72 * HOUR - 1
  f.sessions.visit(A, WIFI)
  await f.sessions.cleanup(NEVER)
  assert.equal(f.sessions.count(), 1)
  f.time += 1
  await f.sessions.cleanup(NEVER)
  assert.deepEqual(f.told, ['opened', 'expired'])
  assert.deepEqual([await f.store.count(), f.sessions.count()], [0, 0])
})

test('recoveries are counted over restarts', async () => {
  const f = fixture()
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  f.sessions.recovered(A)
  await f.sessions.flush()
  const restarted = f.another()
  restarted.visit(A, WIFI)
  restarted.recovered(A)
  await restarted.flush()
  assert.equal((await f.store.find(A))?.recoveries, 2)
})

test('switched off, nothing is noted', async () => {
  const f = fixture({ isEnabled: false })
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  f.sessions.visit(A, MOBILE)
  await f.sessions.flush()
  assert.deepEqual(f.told, [])
  assert.equal(await f.store.count(), 0)
})

test('what a store could not take is stored the next time, an end included', async () => {
  const inner = memorySessionStore()
  let isBroken = true
  const store = {
    ...inner,
    save: async (records: Parameters<typeof inner.save>[0]) => {
      if (isBroken) throw new Refusal('state-unavailable')
      await inner.save(records)
    },
  }
  const f = fixture({}, store)
  for (const key of [A, B]) {
    f.sessions.visit(key, WIFI)
    f.sessions.opened(key)
  }
  await assert.rejects(f.sessions.flush(), { code: 'state-unavailable' })
  isBroken = false
  f.sessions.ended(B)
  await f.sessions.flush()
  assert.notEqual(await f.store.find(A), undefined)
  assert.equal(await f.store.find(B), undefined)
})

test('an upload that ends while its session is being stored leaves none behind', async () => {
  const inner = memorySessionStore()
  const saving = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const store = {
    ...inner,
    save: async (records: Parameters<typeof inner.save>[0]) => {
      saving.resolve()
      await go.promise
      await inner.save(records)
    },
  }
  const f = fixture({}, store)
  f.sessions.visit(A, WIFI)
  f.sessions.opened(A)
  const flushed = f.sessions.flush()
  await saving.promise
  f.sessions.ended(A)
  go.resolve()
  await flushed
  await f.sessions.flush()
  assert.equal(await inner.count(), 0)
})
