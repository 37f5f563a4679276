import assert from 'node:assert/strict'
import { Refusal } from '../../src/core/refusals.ts'
import { wholeBody } from './bodies.ts'
import { clientAt } from './grants.ts'
import {
  CLIENT,
  type Adopting,
  SIZE,
  type SlotHistory,
  type Upload,
  act,
  allowed,
  grantOf,
  outliving,
  tell,
} from './slot-history.ts'

const HOUR = 3_600_000
const THIEF = clientAt('127.0.0.66')

/** Ways in which somebody without proof tries to use a slot. */
export const THEFTS = [
  'put',
  'create',
  'ask',
  'piece',
  'status',
  'append',
  'abort',
  'adopt',
] as const
type Theft = (typeof THEFTS)[number]

/** What becomes of a bound slot beside what becomes of any. */
export type BoundVerb =
  | { readonly kind: 'adopt'; readonly upload: Upload }
  | { readonly kind: 'steal'; readonly upload: Upload; readonly face: Theft }

/** Does it, and checks that it had the effect it should have. */
export async function actOnBound(verb: BoundVerb, history: SlotHistory): Promise<void> {
  return verb.kind === 'adopt' ? await adopt(verb.upload, history) : await steal(verb, history)
}

/** The owner takes an upload to a new slot, one that it begins for that if need be. */
async function adopt(upload: Upload, history: SlotHistory): Promise<void> {
  if (history.passage === undefined) return
  if (!history.knowledge.created.has(upload)) {
    await act({ kind: 'create', upload }, history)
    await act({ kind: 'append', upload, length: 3, end: 'end' }, history)
  }
  const { knowledge, adopting, left, f } = history
  if (!knowledge.told.has(upload) || adopting !== undefined) return
  const to = grantOf(`${history.name} after ${left.length + 1}`)
  const from = history.resourceOf(upload)
  history.adopting = { upload, to, from, startedAt: f.time, tries: 0 }
  await completeAdoption(history)
}

/** Asks for an adoption again whose answer got lost; not one byte that was told of may be missing then. */
export async function completeAdoption(history: SlotHistory): Promise<void> {
  const { adopting, knowledge, engine, passage } = history
  if (adopting === undefined) return
  const { upload, to: grant, from: adopts } = adopting
  const least = knowledge.told.get(upload) ?? 0
  adopting.tries += 1
  const resource = `${adopts} ${adopting.tries}`
  knowledge.mayBeGone = true
  const asked = engine.create({ grant, client: CLIENT, passage, face: 'rufh', resource, adopts })
  const outcome = await allowed(history, asked)
  if (history.life.isDead() || outcome?.kind === 'cut') return
  history.adopting = undefined
  if (outcome === undefined) return await checkRefusal(adopting, history)
  assert.ok(outcome.kind === 'progress')
  assert.ok(outcome.offset >= least, `of ${least} bytes ${outcome.offset} were adopted`)
  history.left.push(history.grant)
  history.grant = grant
  history.resources.set(upload, resource)
  tell(upload, outcome.offset, history)
  Object.assign(knowledge, { published: undefined, mayBeSpent: false })
}

/** What was given away is refused to its heir only when its time is over. */
async function checkRefusal(
  { from, startedAt }: Adopting,
  { slots, f }: SlotHistory,
): Promise<void> {
  const old = await slots.findByResource(from)
  const upload = old?.uploads.find(({ resource }) => resource === from)
  const isOver = f.time - startedAt >= 72 * HOUR
  assert.ok(isOver || upload?.state !== 'adopted', 'bytes were given away and lost')
}

/** Whatever somebody without proof tries is refused. */
async function steal(
  { face, upload }: { readonly face: Theft; readonly upload: Upload },
  history: SlotHistory,
): Promise<void> {
  const { passage, f, slots, grant } = history
  const record = await slots.find(grant.fingerprint)
  // After its greatest age a slot is forgotten, and whoever has a grant may open it.
  const isRemembered = record !== undefined && f.time < record.openedAt + 72 * HOUR
  if (passage === undefined || !isRemembered) return
  try {
    const outcome = await outliving(history, theft(face, upload, history))
    assert.equal(outcome, 'died', 'a thief was let pass')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    assert.ok(REFUSED.has(error.code), error.code)
  }
}

const REFUSED: ReadonlySet<string> = new Set([
  'proof-required',
  'slot-spent',
  'upload-gone',
  'not-found',
])

async function theft(face: Theft, upload: Upload, history: SlotHistory): Promise<unknown> {
  const { engine, grant } = history
  const body = wholeBody('x'.repeat(SIZE))
  const asking = { client: THIEF, resource: history.resourceOf(upload) }
  const named = { client: THIEF, face: 'rufh', resource: `stolen from ${history.name}` } as const
  switch (face) {
    case 'put':
      return await engine.put({ grant, client: THIEF, body })
    case 'create':
      return await engine.create({ grant, ...named })
    case 'ask':
      return await engine.range({ grant, client: THIEF })
    case 'piece':
      return await engine.range({ grant, client: THIEF, piece: { offset: 0, body } })
    case 'status':
      return await engine.status(asking)
    case 'append':
      return await engine.append({ ...asking, offset: 0, body, completes: true })
    case 'abort':
      return await engine.abort(asking)
    case 'adopt':
      return await engine.create({
        ...named,
        grant: grantOf(`den of ${history.name}`),
        adopts: asking.resource,
      })
  }
}

/** A bound slot stays its owner's, one part is one record's, and what was adopted has no file where it was. */
export async function checkOwners({
  slots,
  grant,
  left,
  adopting,
  passage,
}: SlotHistory): Promise<void> {
  const writers: string[] = []
  for (const { fingerprint } of [
    ...left,
    grant,
    ...(adopting === undefined ? [] : [adopting.to]),
  ]) {
    const record = await slots.find(fingerprint)
    if (record === undefined) continue
    assert.equal(record.session, passage?.session, 'a slot keeps its session')
    const receiving = record.uploads.filter(({ state }) => state === 'receiving')
    writers.push(...receiving.map(({ id }) => id))
  }
  assert.equal(new Set(writers).size, writers.length, 'two records could write to one part')
  for (const { fingerprint } of left) {
    const state = (await slots.find(fingerprint))?.state
    assert.ok(state === 'spent' || state === undefined, `an adopted slot is ${state}`)
  }
}
