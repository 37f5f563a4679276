/**
 * Random histories of one slot: plain bodies, pieces, uploads with a resource, questions, cuts, kills at any
 * step, restarts and time that goes by, one after another and at the same time; on bound slots also adoptions, and
 * thieves without a proof. Whatever happens, what a client was told holds, what is published is one upload's
 * bytes, and a thief has no effect.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { SlotStore } from '../../src/engine/ports.ts'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'
import { sqliteSlotStore } from '../../src/stores/sqlite/slot-store.ts'
import { slotRecord } from '../conformance/slot-store.ts'
import {
  type BoundVerb,
  THEFTS,
  actOnBound,
  checkOwners,
  completeAdoption,
} from './bound-history.ts'
import { type Fixture, fixture } from './fixture.ts'
import {
  type End,
  SIZE,
  type SlotHistory,
  UPLOADS,
  type Verb,
  act,
  finish,
  read,
  replaceDead,
  slotHistory,
} from './slot-history.ts'

/** Histories for each store. */
const HISTORIES = 24

/** What happens at the same time. */
interface Moment {
  readonly verbs: readonly (Verb | BoundVerb)[]
  /** Steps after which the process is killed; absent: it lives on. */
  readonly dies?: number | undefined
}

const upload = fc.constantFrom(...UPLOADS)
const piece = {
  length: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 3 }) },
    { weight: 1, arbitrary: fc.nat({ max: SIZE }) },
  ),
  end: fc.constantFrom<End>('end', 'cut', 'open'),
}

const adoption = fc.record({ kind: fc.constant('adopt'), upload })

const theft = fc.record({
  kind: fc.constant('steal'),
  face: fc.constantFrom(...THEFTS),
  upload,
})

const verb: fc.Arbitrary<Verb | BoundVerb> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put'), ...piece }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('range'), ...piece }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('append'), upload, ...piece }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('create'), upload }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('status', 'wrong-offset'), upload }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort'), upload }) },
  { weight: 5, arbitrary: adoption },
  { weight: 3, arbitrary: theft },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'read') }) },
)

const whole = { length: fc.constant(SIZE), end: fc.constant<End>('end') }

const completion: fc.Arbitrary<Verb> = fc.oneof(
  fc.record({ kind: fc.constant('range'), ...whole }),
  fc.record({ kind: fc.constant('append'), upload, ...whole }),
)

const anyMoment: fc.Arbitrary<Moment> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      verbs: fc.array(verb, { minLength: 1, maxLength: 3 }),
      dies: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.nat({ max: 24 }) },
      ),
    }),
  },
  // Killed while a file is published, or soon before.
  {
    weight: 3,
    arbitrary: fc.record({ verbs: fc.tuple(completion), dies: fc.integer({ min: 8, max: 32 }) }),
  },
  // Killed somewhere in an adoption.
  {
    weight: 3,
    arbitrary: fc.record({ verbs: fc.tuple(adoption), dies: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Moment>({ verbs: [{ kind: 'restart' }] }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, 0, 0, 0.1, 0.2, 25, 80)
      .map((hours): Moment => ({ verbs: [{ kind: 'time', hours }] })),
  },
)

async function actOn(one: Verb | BoundVerb, history: SlotHistory): Promise<void> {
  if (one.kind === 'adopt' || one.kind === 'steal') return await actOnBound(one, history)
  return await act(one, history)
}

async function live(moments: readonly Moment[], history: SlotHistory): Promise<void> {
  for (const moment of moments) {
    const { verbs, dies } = moment
    if (dies !== undefined) history.life.dieAfter(dies)
    await undisturbed(moment, history, async () => {
      await Promise.all(verbs.map(async (one) => await actOn(one, history)))
    })
    // One that had fewer steps to take dies now.
    if (dies !== undefined) history.life.dieAfter(0)
    await replaceDead(history)
    await completeAdoption(history)
    await read(history)
    await checkOwners(history)
  }
  await completeAdoption(history)
  assert.equal(history.adopting, undefined, 'an adoption comes to its end')
  await finish(history)
}

/** Where nobody else acts, thieves change nothing. */
async function undisturbed(
  { verbs }: Moment,
  { slots, grant, senders }: SlotHistory,
  run: () => Promise<void>,
): Promise<void> {
  const isQuiet = senders.length === 0 && verbs.every(({ kind }) => kind === 'steal')
  const before = await slots.find(grant.fingerprint)
  await run()
  if (isQuiet) assert.deepEqual(await slots.find(grant.fingerprint), before)
}

/** A history that failed must not spoil those by which it is made shorter. */
async function removeBlobs({ needs: { blobs } }: Fixture): Promise<void> {
  for await (const { kind, key } of blobs.list()) {
    if (kind === 'part') await blobs.removePart(key)
    else await blobs.removeFile(key)
  }
}

/** Stores that outlive the processes. */
const STORES: Readonly<Record<string, (folder: string) => SlotStore>> = {
  memory: memorySlotStore,
  sqlite: (folder) => sqliteSlotStore({ path: join(folder, 'state.db'), durability: 'normal' }),
}

for (const [store, open] of Object.entries(STORES)) {
  test(`no history of a slot in ${store} breaks a promise`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interleavings-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(async () => await rm(folder, { recursive: true }))
    const f = stack.use(await fixture({ fsync: 'never', openUploadsPerOwner: 1000 }))
    const slots = stack.use(open(folder))
    // A server without any file that died twice is told from one with another's state by nobody.
    for (let file = 0; file < 30; file += 1) await slots.create(slotRecord({ state: 'published' }))
    let histories = 0
    const property = fc.asyncProperty(
      fc.array(anyMoment, { minLength: 1, maxLength: 30, size: 'max' }),
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      async (moments, delays, isBound) => {
        histories += 1
        let step = 0
        const turns = (): number => delays[step++ % delays.length] ?? 0
        try {
          const name = `history-${histories}`
          await live(moments, await slotHistory({ f, slots, turns }, { name, isBound }))
        } finally {
          await removeBlobs(f)
        }
      },
    )
    await fc.assert(property, { numRuns: HISTORIES, timeout: 10_000 })
    assert.ok(f.events.some((event) => event.startsWith('adopted')))
  })
}
