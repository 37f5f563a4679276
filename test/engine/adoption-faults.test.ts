import assert from 'node:assert/strict'
import test from 'node:test'
import type { Grant } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import type { CreateRequest, Engine } from '../../src/engine/engine.ts'
import type { SlotStore } from '../../src/engine/ports.ts'
import { wholeBody } from './bodies.ts'
import { type Fixture, blobCount, contentOf, fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'
import { mortality } from './mortal.ts'
import { passageOf } from './passages.ts'

const BY_SESSION = { client: clientAt('127.0.0.2'), passage: passageOf('session') }
const HOUR = 3_600_000

/** Whether the new slot had another upload before. */
const HEIRS = ['unused', 'used'] as const

/** An upload and the slot that is to go on with it, by a name of its own in a storage that many share. */
interface Case {
  readonly name: string
  readonly from: Grant
  readonly to: Grant
}

/** An upload that stands at four of six bytes, beside one of the same slot that was parked. */
async function prepare(
  { engine }: Fixture,
  name: string,
  heir: (typeof HEIRS)[number],
): Promise<Case> {
  const romeo = { scheme: 'v2', user: 'romeo@example.org' } as const
  const from = grantFor(`old ${name}`, 6, romeo)
  const to = grantFor(`new ${name}`, 6, romeo)
  const made = { ...BY_SESSION, face: 'rufh' } as const
  await engine.create({ ...made, grant: from, resource: `parked ${name}` })
  const delivery = { body: wholeBody('abcd'), completes: false }
  await engine.create({ ...made, grant: from, resource: `old ${name}`, delivery })
  if (heir === 'used') await engine.create({ ...made, grant: to, resource: `earlier ${name}` })
  return { name, from, to }
}

function adoption({ name, to }: Case, resource: string): CreateRequest {
  const adopts = `old ${name}`
  return { ...BY_SESSION, grant: to, face: 'rufh', resource: `${resource} ${name}`, adopts }
}

/** How many records could write to one and the same part. */
async function mostWriters({ needs }: Fixture): Promise<number> {
  const writers = new Map<string, number>()
  for await (const { uploads } of needs.slots.all()) {
    for (const { id, state } of uploads) {
      if (state === 'receiving') writers.set(id, (writers.get(id) ?? 0) + 1)
    }
  }
  return Math.max(0, ...writers.values())
}

/** The same request once more, and the rest of the bytes. */
async function repeatAndFinish(engine: Engine, adopting: Case): Promise<string> {
  const request = adoption(adopting, 'again')
  assert.partialDeepStrictEqual(await engine.create(request), { kind: 'progress', offset: 4 })
  const rest = { ...BY_SESSION, resource: `again ${adopting.name}`, offset: 4, completes: true }
  const outcome = await engine.append({ ...rest, body: wholeBody('ef') })
  assert.ok(outcome.kind === 'published')
  return await contentOf(engine, outcome.file)
}

for (const heir of HEIRS) {
  test(`a kill at any step of an adoption by a slot that is ${heir} loses no byte and lets nobody write twice`, async () => {
    await using f = await fixture()
    let steps = 0
    for (let isDone = false; !isDone; steps += 1) {
      const adopting = await prepare(f, `${steps}`, heir)
      const life = mortality(() => 0)
      const ports = { slots: life.through(f.needs.slots), blobs: life.through(f.needs.blobs) }
      life.dieAfter(steps)
      const work = f.another(ports).create(adoption(adopting, 'lost'))
      work.catch(() => undefined)
      isDone = (await Promise.race([work, life.death.then(() => 'died')])) !== 'died'
      assert.ok((await mostWriters(f)) <= 1, `after ${steps} steps`)
      const restarted = f.another()
      await restarted.recover()
      assert.ok((await mostWriters(f)) <= 1, `after ${steps} steps and a restart`)
      assert.equal(await repeatAndFinish(restarted, adopting), 'abcdef', `after ${steps} steps`)
    }
    assert.ok(steps > 10, `an adoption takes ${steps} steps`)
    f.time = Date.now() + 2 * HOUR
    await f.engine.collect({ dryRun: false, signal: AbortSignal.timeout(10_000) })
    assert.deepEqual(await blobCount(f), { parts: 0, files: steps })
  })

  test(`a store that fails at any write of an adoption by a slot that is ${heir} is asked again, and nothing is lost`, async () => {
    await using f = await fixture()
    let writes = 0
    for (let isDone = false; !isDone; writes += 1) {
      const adopting = await prepare(f, `${writes}`, heir)
      const engine = f.another({ slots: failingAt(writes, f.needs.slots) })
      isDone = await succeeds(engine.create(adoption(adopting, 'lost')))
      assert.ok((await mostWriters(f)) <= 1, `after ${writes} writes`)
      const repeater = isDone ? f.engine : engine
      assert.equal(await repeatAndFinish(repeater, adopting), 'abcdef', `after ${writes} writes`)
    }
    assert.ok(writes > 2, `an adoption takes ${writes - 1} writes`)
  })
}

test('bytes that were given away and that nobody ever came for are removed with the memory of it', async () => {
  await using f = await fixture()
  const adopting = await prepare(f, 'a', 'unused')
  // The old slot's record is written first.
  const engine = f.another({ slots: failingAt(1, f.needs.slots) })
  assert.equal(await succeeds(engine.create(adoption(adopting, 'lost'))), false)
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  f.time += 143 * HOUR
  await f.engine.sweep(AbortSignal.timeout(10_000))
  await f.engine.collect({ dryRun: false, signal: AbortSignal.timeout(10_000) })
  assert.deepEqual(await blobCount(f), { parts: 1, files: 0 })
  f.time += 2 * HOUR
  await f.engine.sweep(AbortSignal.timeout(10_000))
  assert.deepEqual(await blobCount(f), { parts: 0, files: 0 })
})

test('of two servers that adopt an upload at the same time for two slots one gets it', async () => {
  await using f = await fixture()
  const adopting = await prepare(f, 'a', 'unused')
  const third = grantFor('third', 6, { scheme: 'v2', user: 'romeo@example.org' })
  const outcomes = await Promise.allSettled([
    f.another().create(adoption(adopting, 'one')),
    f.another().create({ ...adoption(adopting, 'other'), grant: third }),
  ])
  const got = outcomes.filter(({ status }) => status === 'fulfilled')
  assert.equal(got.length, 1)
  assert.equal(await mostWriters(f), 1)
})

/** The store whose write of that number, counted from 0, fails once and does nothing. */
function failingAt(failing: number, slots: SlotStore): SlotStore {
  let writes = 0
  const refuse = (): void => {
    writes += 1
    if (writes === failing + 1) throw new Refusal('state-unavailable')
  }
  return {
    ...slots,
    async create(record) {
      refuse()
      return await slots.create(record)
    },
    async replace(record, held) {
      refuse()
      return await slots.replace(record, held)
    },
  }
}

/** Whether it is done; `false` if the state was away. */
async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof Refusal && error.code === 'state-unavailable') return false
    throw error
  }
}
