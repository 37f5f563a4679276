/**
 * Random histories of one slot: plain bodies, pieces, uploads with a resource, questions, cuts, kills at any
 * step, restarts and time that goes by, one after another and at the same time. Whatever happens, what
 * a client was told holds, and what is published is one upload's bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { SlotStore } from '../../src/engine/ports.ts'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'
import { sqliteSlotStore } from '../../src/stores/sqlite/slot-store.ts'
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
  readonly verbs: readonly Verb[]
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

const verb: fc.Arbitrary<Verb> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put'), ...piece }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('range'), ...piece }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('append'), upload, ...piece }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('create'), upload }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('status', 'wrong-offset'), upload }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort'), upload }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'read') }) },
)

const whole = { length: fc.constant(SIZE), end: fc.constant<End>('end') }

const completion: fc.Arbitrary<Verb> = fc.oneof(
  fc.record({ kind: fc.constant('range'), ...whole }),
  fc.record({ kind: fc.constant('append'), upload, ...whole }),
)

const moment: fc.Arbitrary<Moment> = fc.oneof(
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
  { weight: 1, arbitrary: fc.constant<Moment>({ verbs: [{ kind: 'restart' }] }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(0, 0, 0, 0.1, 0.2, 25, 80)
      .map((hours): Moment => ({ verbs: [{ kind: 'time', hours }] })),
  },
)

async function live(moments: readonly Moment[], history: SlotHistory): Promise<void> {
  for (const { verbs, dies } of moments) {
    if (dies !== undefined) history.life.dieAfter(dies)
    await Promise.all(verbs.map(async (one) => await act(one, history)))
    // One that had fewer steps to take dies now.
    if (dies !== undefined) history.life.dieAfter(0)
    await replaceDead(history)
    await read(history)
  }
  await finish(history)
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

for (const [name, open] of Object.entries(STORES)) {
  test(`no history of a slot in ${name} breaks a promise`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'interleavings-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(async () => await rm(folder, { recursive: true }))
    const f = stack.use(await fixture({ fsync: 'never', openUploadsPerOwner: 1000 }))
    const slots = stack.use(open(folder))
    let histories = 0
    const property = fc.asyncProperty(
      fc.array(moment, { minLength: 1, maxLength: 30, size: 'max' }),
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }),
      async (moments, delays) => {
        histories += 1
        let step = 0
        const turns = (): number => delays[step++ % delays.length] ?? 0
        try {
          await live(moments, slotHistory({ f, slots, turns }, `history-${histories}`))
        } finally {
          await removeBlobs(f)
        }
      },
    )
    await fc.assert(property, { numRuns: HISTORIES, timeout: 10_000 })
  })
}
