/** Several processes that share the records of slots and the bytes of files. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Grant } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { type Fingerprint, fingerprintOf } from '../../src/core/slot-path.ts'
import type { Cut, Published } from '../../src/engine/engine.ts'
import type { LeaseRequest, Leases, Notices, SlotStore } from '../../src/engine/ports.ts'
import { COMMIT_INTERVAL } from '../../src/engine/policy.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { type SentBody, sentBody, wholeBody } from './bodies.ts'
import { type Fixture, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'

const CLIENT = clientAt('127.0.0.2')

/** Notices among the engines of a test. */
function notices(): Notices {
  const listeners = new Set<(slot: Fingerprint) => void>()
  return {
    announce: (slot) => listeners.forEach((listener) => listener(slot)),
    subscribe(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => listeners.delete(listener) }
    },
  }
}

/** An upload of four bytes of which three came and are stored. */
async function unfinished(f: Fixture): Promise<{
  readonly grant: Grant
  readonly body: SentBody
  readonly putting: Promise<Published | Cut>
}> {
  const grant = grantFor('a', 4)
  const body = sentBody()
  const putting = f.engine.put({ grant, client: CLIENT, body })
  await body.send('ab')
  f.time += COMMIT_INTERVAL
  await body.send('c')
  return { grant, body, putting }
}

test('a reader who waits in one process is woken by the publish in another', async () => {
  await using f = await fixture()
  const shared = notices()
  const [here, there] = [f.another({ notices: shared }), f.another({ notices: shared })]
  const grant = grantFor('a', 3)
  const waiting = here.untilPublished(grant.path, AbortSignal.timeout(5_000))
  await there.put({ grant, client: CLIENT, body: wholeBody('abc') })
  assert.equal(await contentOf(here, await waiting), 'abc')
})

test('an engine that is disposed of listens no longer', async () => {
  await using f = await fixture()
  let listening = 0
  const counted: Notices = {
    announce: () => {},
    subscribe() {
      listening += 1
      return { [Symbol.dispose]: () => void (listening -= 1) }
    },
  }
  const engine = f.another({ notices: counted })
  assert.equal(listening, 1)
  await engine[Symbol.asyncDispose]()
  assert.equal(listening, 0)
})

test('recovery leaves alone what another process that lives is busy with', async () => {
  await using f = await fixture()
  const { body, putting } = await unfinished(f)
  const busy = { ...processLeases(), isHeldElsewhere: async () => true }
  await f.another({ leases: busy }).recover()
  await body.send('d')
  body.end()
  assert.equal((await putting).kind, 'published')
})

test('what was read before somebody else published replaces nothing', async () => {
  await using f = await fixture()
  const { grant, body, putting } = await unfinished(f)
  const stale = await f.needs.slots.find(grant.fingerprint)
  assert.equal(stale?.state, 'open')
  await body.send('d')
  body.end()
  await putting
  const heirs = { ...stale, lease: { epoch: stale.lease.epoch + 1, id: 'heir' } }
  assert.equal(await f.needs.slots.replace(heirs, stale.lease), false)

  // A process that is so slow that it believes in what it read repeats the upload in the end.
  let isStale = true
  const slots: SlotStore = {
    ...f.needs.slots,
    find: async (slot) => {
      const answer = isStale ? stale : await f.needs.slots.find(slot)
      isStale = false
      return answer
    },
  }
  const slow = f.another({ slots })
  const again = await slow.put({ grant, client: CLIENT, body: wholeBody('abcd') })
  assert.equal(again.kind, 'published')
  assert.deepEqual(f.events.slice(-1), ['repeated same'])
})

test('a file that was published here is read while the state cannot be reached, others are not', async () => {
  await using f = await fixture()
  let isLost = false
  const slots: SlotStore = {
    ...f.needs.slots,
    find: async (slot) => {
      if (isLost) throw new Refusal('state-unavailable')
      return await f.needs.slots.find(slot)
    },
  }
  const engine = f.another({ slots })
  const [known, unknown] = [grantFor('a', 3), grantFor('b', 3)]
  await engine.put({ grant: known, client: CLIENT, body: wholeBody('abc') })
  await f.another().put({ grant: unknown, client: CLIENT, body: wholeBody('abc') })
  isLost = true
  f.time += 60_000
  assert.equal((await engine.lookup(known.path)).kind, 'published')
  await assert.rejects(engine.lookup(unknown.path), { code: 'state-unavailable' })
  f.time += 25 * 3_600_000
  await assert.rejects(engine.lookup(known.path), { code: 'state-unavailable' })
})

test('a slot that somebody has just begun to fill, here or elsewhere, is not unknown to a reader', async () => {
  await using f = await fixture()
  const { path } = grantFor('a', 4)
  const leases = processLeases()
  const elsewhere = { ...leases, isHeldElsewhere: async () => true }
  assert.equal((await f.another({ leases: elsewhere }).lookup(path)).kind, 'unfinished')
  const here = f.another({ leases })
  assert.equal((await here.lookup(path)).kind, 'unknown')
  const { signal } = new AbortController()
  await leases.acquire(fingerprintOf(path), { release: () => {}, signal })
  assert.equal((await here.lookup(path)).kind, 'unfinished')
})

test('a writer whose place is taken in another process tells of it; in the same process the newcomer does', async () => {
  await using f = await fixture()
  const local = processLeases()
  const releases: LeaseRequest['release'][] = []
  const leases: Leases = {
    ...local,
    acquire: async (slot, request) => {
      releases.push(request.release)
      return await local.acquire(slot, request)
    },
  }
  const engine = f.another({ leases })
  const body = sentBody()
  const putting = engine.put({ grant: grantFor('a', 4), client: CLIENT, body })
  await body.send('ab')
  for (const release of releases) release('198.51.100.0/24')
  assert.deepEqual(await putting, { kind: 'cut' })
  assert.deepEqual(f.events, [
    'taken elsewhere from 127.0.0.2: 127.0.0.0/24 → 198.51.100.0/24',
    'interrupted 2',
  ])
  const [first, second] = [sentBody(), wholeBody('abcd')]
  const loser = engine.put({ grant: grantFor('b', 4), client: CLIENT, body: first })
  await first.send('ab')
  await engine.put({ grant: grantFor('b', 4), client: CLIENT, body: second })
  await loser
  assert.equal(f.events.filter((event) => event.startsWith('taken elsewhere')).length, 1)
})
