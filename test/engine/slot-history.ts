import assert from 'node:assert/strict'
import type { Grant } from '../../src/core/grant.ts'
import { Refusal } from '../../src/core/refusals.ts'
import type {
  Cut,
  Progress,
  Published,
  PublishedFile,
  UploadEngine,
} from '../../src/engine/engine.ts'
import type { Passage } from '../../src/engine/passage.ts'
import type { SlotStore } from '../../src/engine/ports.ts'
import { uploadEngine } from '../../src/engine/upload-engine.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { type SentBody, sentBody } from './bodies.ts'
import type { Fixture } from './fixture.ts'
import { clientAt, grantFor } from './grants.ts'
import { type Mortality, mortality } from './mortal.ts'
import { passageOf } from './passages.ts'

/** Bytes of the slot's file. */
export const SIZE = 12

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FOR_EVER = Number.MAX_SAFE_INTEGER
export const CLIENT = clientAt('127.0.0.2')

/** Uploads that have a resource; each of them brings bytes of its own, and so does the grant alone. */
export const UPLOADS = ['first', 'second', 'third'] as const
export type Upload = (typeof UPLOADS)[number]

const FIRST_BYTES = { first: 'a', second: 'A', third: '0', grant: '\u00c0' } as const
type Source = keyof typeof FIRST_BYTES

/** The bytes of a source: each tells whose it is and where it belongs. */
function bytesOf(source: Source): string {
  const first = FIRST_BYTES[source].charCodeAt(0)
  return String.fromCharCode(...Array.from({ length: SIZE }, (_, at) => first + at))
}

const WHOLE_FILES: readonly string[] = [...UPLOADS, 'grant' as const].map(bytesOf)

/** What becomes of a sender: it ends after its bytes, is cut, or stays connected and silent. */
export type End = 'end' | 'cut' | 'open'

interface Piece {
  readonly length: number
  readonly end: End
}

/** What a client or the machine does. */
export type Verb =
  | ({ readonly kind: 'put' } & Piece)
  | ({ readonly kind: 'range' } & Piece)
  | ({ readonly kind: 'append'; readonly upload: Upload } & Piece)
  | { readonly kind: 'create' | 'status' | 'wrong-offset' | 'abort'; readonly upload: Upload }
  | { readonly kind: 'cut' | 'read' | 'restart' }
  | { readonly kind: 'time'; readonly hours: number }

type Outcome = Progress | Published | Cut

/** What the clients know, and what may be. */
interface Knowledge {
  /** The highest offset that was told, by upload. */
  readonly told: Map<Upload, number>
  readonly created: Set<Upload>
  /** Resources of which it was told that they can't go on. */
  readonly gone: Set<string>
  /** Whether anything happened that ends uploads. */
  mayBeGone: boolean
  /** The name of the file, once anybody was told that there is one. */
  published?: string
  /** Whether the file may have been removed. */
  mayBeSpent: boolean
}

/** What outlives a process. */
export interface Remains {
  readonly f: Fixture
  readonly slots: SlotStore
  /** Turns of the event loop that the next step takes. */
  readonly turns: () => number
}

/** An adoption that its client repeats until it is answered. */
export interface Adopting {
  readonly upload: Upload
  readonly to: Grant
  /** The resource in the old slot. */
  readonly from: string
  readonly startedAt: number
  tries: number
}

/** One slot, those who use it, and the process that serves it at present. */
export interface SlotHistory extends Remains {
  readonly name: string
  /** The slot that is used now; an adoption goes on with the next. */
  grant: Grant
  /** Slots whose upload was adopted. */
  readonly left: Grant[]
  /** Of a bound slot: what its owner proves. */
  readonly passage: Passage | undefined
  readonly resourceOf: (upload: Upload) => string
  /** Names of uploads that were adopted. */
  readonly resources: Map<Upload, string>
  /** An adoption that was asked for and not answered. */
  adopting?: Adopting | undefined
  readonly knowledge: Knowledge
  life: Mortality
  engine: UploadEngine
  /** Bodies that are still being sent, and what becomes of them. */
  senders: { readonly body: SentBody; readonly done: Promise<void> }[]
}

/** A slot that nobody used before, or its owner only; `name` is its own among all that share the remains. */
export async function slotHistory(
  remains: Remains,
  { name, isBound }: { readonly name: string; readonly isBound: boolean },
): Promise<SlotHistory> {
  const resources = new Map<Upload, string>()
  const passage = isBound ? passageOf(`owner of ${name}`) : undefined
  const grant = grantOf(name)
  if (isBound) {
    const { needs } = remains.f
    await using opener = uploadEngine({ ...needs, slots: remains.slots })
    await opener.create({ grant, client: CLIENT, passage, face: 'rufh', resource: `0 ${name}` })
  }
  return {
    ...remains,
    ...startProcess(remains),
    name,
    grant,
    left: [],
    passage,
    resources,
    resourceOf: (upload) => resources.get(upload) ?? `${upload} of ${name}`,
    senders: [],
    knowledge: {
      told: new Map(),
      created: new Set(),
      gone: new Set(),
      mayBeGone: false,
      mayBeSpent: false,
    },
  }
}

/** The scheme's grants carry their time, so the slot can be used as long as the history wants. */
export function grantOf(path: string): Grant {
  return grantFor(path, SIZE, { scheme: 'v3', user: 'romeo@example.org', expiresAt: FOR_EVER })
}

/** A process over what others left. */
function startProcess({ f, slots, turns }: Remains): Pick<SlotHistory, 'life' | 'engine'> {
  const life = mortality(turns)
  const leases = processLeases({
    after: (_pause, run) => {
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  })
  const ports = { slots: life.through(slots), blobs: life.through(f.needs.blobs) }
  return { life, engine: uploadEngine({ ...f.needs, ...ports, leases }) }
}

/** A process that was killed is replaced by another one, which mends what it finds. */
export async function replaceDead(history: SlotHistory): Promise<void> {
  if (!history.life.isDead()) return
  for (const { body } of history.senders) body.cut()
  history.senders = []
  Object.assign(history, startProcess(history))
  await history.engine.recover()
}

/** Does it, and checks that what clients are told agrees with what they were told before. */
export async function act(verb: Verb, history: SlotHistory): Promise<void> {
  switch (verb.kind) {
    case 'put':
      return await put(verb, history)
    case 'range':
      return await range(verb, history)
    case 'create':
      return await create(verb.upload, history)
    case 'append':
      return await append(verb, history)
    case 'status':
      return void (await offsetOf(verb.upload, history))
    case 'wrong-offset':
      return await wrongOffset(verb.upload, history)
    case 'abort':
      return await abort(verb.upload, history)
    case 'cut':
      return await cutSenders(history)
    case 'read':
      return await read(history)
    case 'restart':
      return await restart(history)
    case 'time':
      return await passTime(verb.hours, history)
  }
}

async function put({ length, end }: Piece, history: SlotHistory): Promise<void> {
  const { grant, engine, knowledge, passage } = history
  const body = sentBody()
  // A third generation pushes out the first.
  knowledge.mayBeGone = true
  const outcome = engine.put({ grant, client: CLIENT, passage, body })
  await send(history, { body, outcome, source: 'grant', from: 0, length, end })
}

async function range({ length, end }: Piece, history: SlotHistory): Promise<void> {
  const { grant, engine, passage } = history
  const asked = await allowed(history, engine.range({ grant, client: CLIENT, passage }))
  if (asked?.kind !== 'progress') return note(asked, history)
  const { offset: from } = asked
  const body = sentBody()
  const piece = { offset: from, body }
  const outcome = engine.range({ grant, client: CLIENT, passage, piece })
  await send(history, { body, outcome, source: 'grant', from, length, end })
}

async function create(upload: Upload, history: SlotHistory): Promise<void> {
  const { grant, engine, knowledge, passage } = history
  // No resource is made twice.
  if (knowledge.created.has(upload)) return
  knowledge.created.add(upload)
  knowledge.mayBeGone = true
  const resource = history.resourceOf(upload)
  const made = engine.create({ grant, client: CLIENT, passage, face: 'rufh', resource })
  note(await allowed(history, made), history, upload)
}

async function append(
  { upload, length, end }: Piece & { readonly upload: Upload },
  history: SlotHistory,
): Promise<void> {
  const from = await offsetOf(upload, history)
  if (from === undefined) return
  const body = sentBody()
  const outcome = history.engine.append({
    resource: history.resourceOf(upload),
    client: CLIENT,
    passage: history.passage,
    offset: from,
    body,
    completes: from + length >= SIZE,
  })
  await send(history, { body, outcome, source: upload, from, length, end })
}

/** Where the upload stands; nothing if it can't go on. */
async function offsetOf(upload: Upload, history: SlotHistory): Promise<number | undefined> {
  const { engine, knowledge, passage } = history
  const least = knowledge.told.get(upload)
  if (least === undefined) return undefined
  const resource = history.resourceOf(upload)
  const wasGone = knowledge.gone.has(resource)
  const asked = engine.status({ resource, client: CLIENT, passage })
  const found = await allowed(history, asked, upload)
  if (found?.kind !== 'status') return undefined
  const { offset, isComplete } = found
  assert.ok(!wasGone, `the ${upload} upload came back`)
  assert.ok(offset >= least, `the offset of the ${upload} upload fell from ${least} to ${offset}`)
  tell(upload, offset, history)
  return isComplete ? undefined : offset
}

async function wrongOffset(upload: Upload, history: SlotHistory): Promise<void> {
  const offset = await offsetOf(upload, history)
  if (offset === undefined) return
  const { passage } = history
  const resource = history.resourceOf(upload)
  const wrong = { resource, client: CLIENT, passage, offset: offset + SIZE, body: sentBody() }
  const outcome = history.engine.append({ ...wrong, completes: true })
  assert.notEqual((await allowed(history, outcome, upload))?.kind, 'progress')
}

async function abort(upload: Upload, history: SlotHistory): Promise<void> {
  const { engine, knowledge, passage } = history
  if (!knowledge.created.has(upload)) return
  knowledge.mayBeGone = true
  const resource = history.resourceOf(upload)
  await allowed(history, engine.abort({ resource, client: CLIENT, passage }), upload)
}

interface Sending extends Piece {
  readonly body: SentBody
  readonly outcome: Promise<Outcome>
  readonly source: Source
  readonly from: number
}

async function send(history: SlotHistory, sending: Sending): Promise<void> {
  const { body, source, from, length } = sending
  const bytes = bytesOf(source).slice(from, from + length)
  const progress = { taken: from }
  const done = settled(sending, progress, history)
  const sent = body.send(Buffer.from(bytes, 'latin1')).then(() => {
    if (!body.isCut) progress.taken += bytes.length
    return 'sent'
  })
  const isSent = (await Promise.race([sent, done])) === 'sent'
  // Nobody waits in silence after the last byte.
  const end = sending.end === 'open' && from + length >= SIZE ? 'end' : sending.end
  if (end === 'open' && isSent) {
    done.catch(() => undefined)
    history.senders.push({ body, done })
    return
  }
  if (end === 'cut') body.cut()
  else body.end()
  await done
}

/** A process that lived until the request was over has kept what it took. */
async function settled(
  { source, outcome }: Sending,
  progress: { readonly taken: number },
  history: SlotHistory,
): Promise<void> {
  const upload = source === 'grant' ? undefined : source
  const found = await allowed(history, outcome, upload)
  note(found, history, upload)
  if (found !== undefined && upload !== undefined) tell(upload, progress.taken, history)
}

/** Remembers what a client was told. */
function note(outcome: Outcome | undefined, history: SlotHistory, upload?: Upload): void {
  if (outcome?.kind === 'progress' && upload !== undefined) tell(upload, outcome.offset, history)
  if (outcome?.kind === 'published') notePublished(outcome.file, history)
}

export function tell(upload: Upload, offset: number, { knowledge: { told } }: SlotHistory): void {
  told.set(upload, Math.max(offset, told.get(upload) ?? 0))
}

function notePublished({ id }: PublishedFile, { knowledge }: SlotHistory): void {
  assert.equal(id, knowledge.published ?? id, 'a slot has one file for ever')
  knowledge.published = id
}

/** Everybody who still sends is gone. */
async function cutSenders(history: SlotHistory): Promise<void> {
  const { senders } = history
  history.senders = []
  for (const { body } of senders) body.cut()
  for (const { done } of senders) await outliving(history, done)
}

/** A reader finds no file, or one upload's whole bytes; one that was found is found again. */
export async function read(history: SlotHistory): Promise<void> {
  const { engine, grant, knowledge } = history
  const before = knowledge.published
  const found = await outliving(history, engine.lookup(grant.path))
  if (found === 'died') return
  if (found.kind !== 'published') {
    assert.ok(before === undefined || knowledge.mayBeSpent, `a published file is ${found.kind}`)
    return
  }
  notePublished(found.file, history)
  const pieces: Buffer[] = []
  const request = {
    range: { start: 0, end: found.file.size },
    take: (piece: Uint8Array): void => void pieces.push(Buffer.from(piece)),
  }
  if ((await outliving(history, engine.read(found.file, request))) === 'died') return
  const content = Buffer.concat(pieces).toString('latin1')
  assert.ok(WHOLE_FILES.includes(content), `the file holds ${JSON.stringify(content)}`)
}

/** As a server ends: senders are cut, what runs is waited for. */
async function restart(history: SlotHistory): Promise<void> {
  await cutSenders(history)
  if ((await outliving(history, history.engine[Symbol.asyncDispose]())) === 'died') return
  Object.assign(history, startProcess(history))
  await history.engine.recover()
}

async function passTime(hours: number, history: SlotHistory): Promise<void> {
  const { f, engine, knowledge } = history
  f.time += hours * HOUR
  knowledge.mayBeGone ||= hours > 0
  knowledge.mayBeSpent ||= hours >= 24
  await outliving(history, engine.sweep(AbortSignal.timeout(MINUTE)))
}

/** What any client may meet in such a history. */
const EXPECTED: ReadonlySet<string> = new Set([
  'adoption-refused',
  'slot-conflict',
  'slot-spent',
  'offset-mismatch',
  'upload-complete',
])

/** The outcome; nothing if the process died, or refused for a reason that the history gives. */
export async function allowed<T>(
  history: SlotHistory,
  work: Promise<T>,
  upload?: Upload,
): Promise<T | undefined> {
  const { knowledge } = history
  const resource = upload === undefined ? '' : history.resourceOf(upload)
  try {
    const outcome = await outliving(history, work)
    return outcome === 'died' ? undefined : outcome
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (EXPECTED.has(error.code)) return undefined
    const isGone = error.code === 'upload-gone' || error.code === 'not-found'
    if (!isGone || upload === undefined) throw error
    const hasReason = knowledge.mayBeGone || knowledge.published !== undefined
    assert.ok(hasReason, `the ${upload} upload is gone without a reason`)
    // One that nobody was told of may still come to be.
    if (knowledge.told.has(upload)) knowledge.gone.add(resource)
    return undefined
  }
}

/** Waits for the work of a process, or for its death. */
export async function outliving<T>(
  { life }: SlotHistory,
  work: PromiseLike<T>,
): Promise<T | 'died'> {
  const outcome = Promise.resolve(work)
  outcome.catch(() => undefined)
  return await Promise.race([outcome, life.death.then(() => 'died' as const)])
}

/** In the end a client that brings the whole file has it published, and nothing else is left of it all. */
export async function finish(history: SlotHistory): Promise<void> {
  await cutSenders(history)
  const { knowledge, engine, grant, f } = history
  if (knowledge.published === undefined) {
    await put({ length: SIZE, end: 'end' }, history)
    assert.ok(knowledge.published !== undefined || knowledge.mayBeSpent, 'the slot can be used')
    await read(history)
  }
  await engine.collect({ dryRun: false, signal: AbortSignal.timeout(MINUTE) })
  const left = { part: 0, file: 0 }
  for await (const { kind } of f.needs.blobs.list()) left[kind] += 1
  const isThere = (await engine.lookup(grant.path)).kind === 'published'
  assert.deepEqual(left, { part: 0, file: isThere ? 1 : 0 }, 'one file at most, and no part')
  await engine.remove(grant.path)
}
