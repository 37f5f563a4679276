import type { Instant } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import { type EnginePolicy, RESERVATION_WITHOUT_BYTE } from './policy.ts'
import { reopened } from './reopening.ts'
import {
  type Face,
  type LeaseToken,
  type SlotRecord,
  type UploadDescription,
  type UploadRecord,
  isHolding,
  isReserving,
  isTold,
} from './slot-record.ts'

/** Everything that can happen to a slot after it was opened. */
export type SlotEvent =
  /**
   * A new generation starts at byte 0, or where the upload stood that it `adopts`, and takes the writer's
   * place. The slot is bound to the `session`, if there is one.
   */
  | {
      readonly type: 'generation'
      readonly upload: string
      readonly face: Face
      readonly resource?: string
      readonly description?: UploadDescription
      readonly lease: LeaseToken
      readonly reopens?: boolean
      readonly session?: string | undefined
      readonly adopts?: Pick<UploadRecord, 'durable' | 'lastByteAt'> | undefined
    }
  /**
   * Another request got the right to write. If it `reopens` the slot, its grant has expired; if it brings a
   * `session`, the slot is bound to that from now on.
   */
  | {
      readonly type: 'leased'
      readonly lease: LeaseToken
      readonly reopens?: boolean
      readonly session?: string | undefined
    }
  /** The client said how long its file is. */
  | { readonly type: 'length-said'; readonly upload: string }
  /** Bytes up to `durable` are kept; whoever sent them `rests` if that was all it meant to send now. */
  | {
      readonly type: 'advanced'
      readonly upload: string
      readonly durable: number
      /** When the last of them came, if that was before now. */
      readonly lastByteAt?: Instant | undefined
      readonly rests?: boolean
    }
  /** All bytes came and the file is readable. */
  | { readonly type: 'published'; readonly upload: string }
  /** The upload was given up by its owner or is lost. */
  | { readonly type: 'aborted'; readonly upload: string }
  /** The slot `to` goes on with the upload's part; this one is spent, and never writes to it again. */
  | {
      readonly type: 'given-away'
      readonly upload: string
      readonly to: Fingerprint
      readonly lease: LeaseToken
    }
  /** The published file is gone for good. */
  | { readonly type: 'file-removed'; readonly lease: LeaseToken }
  /** Time went by. */
  | { readonly type: 'due'; readonly lease: LeaseToken }

/** A move that the state machine does not know: a bug of the caller, never of a client. */
export class IllegalTransition extends Error {
  constructor(record: SlotRecord, event: SlotEvent) {
    super(`a slot that is ${record.state} cannot see ${event.type}`)
    this.name = 'IllegalTransition'
  }
}

/** What the pure function needs to know of the world. */
export interface TransitionContext {
  readonly now: Instant
  readonly policy: EnginePolicy
}

/** Facts that open a slot beside its grant. */
export interface Opening {
  readonly id: string
  readonly owner: string
  readonly network: string
}

/** A slot that was never used before, without an upload yet. */
export function opened(grant: Grant, opening: Opening, context: TransitionContext): SlotRecord {
  return withDueAt(unused(grant, opening, context), context)
}

/** A slot that was never used before, with its first upload; of use to a store after its next event only. */
export function begunAnew(
  slot: { readonly grant: Grant; readonly opening: Opening },
  event: Extract<SlotEvent, { type: 'generation' }>,
  context: TransitionContext,
): SlotRecord {
  const record = unused(slot.grant, slot.opening, context)
  return begun(admitted(record, event, context), event, context.now)
}

function unused(grant: Grant, opening: Opening, context: TransitionContext): SlotRecord {
  const { fingerprint, path, scheme, size, contentType } = grant
  const { id, owner, network } = opening
  return {
    id,
    owner,
    network,
    fingerprint,
    path,
    scheme,
    size,
    contentType,
    ...(grant.user !== undefined && { user: grant.user }),
    ...(grant.expiresAt !== undefined && { grantExpiresAt: grant.expiresAt }),
    ...(grant.fileExpiresAt !== undefined && { fileExpiresAt: grant.fileExpiresAt }),
    state: 'open',
    openedAt: context.now,
    lease: { epoch: 0, id: '' },
    uploads: [],
  }
}

/** Live generations that are kept; the oldest without an upload resource goes first. */
const MAX_GENERATIONS = 2

/** Uploads that were given up and are remembered: a client that creates one after the other must not fill the record. */
const MAX_GIVEN_UP = 8

/**
 * The slot after the event. Pure. Keeps: a published slot's bytes never change, `durable` never
 * falls nor passes the size, a spent slot stays spent.
 */
export function next(record: SlotRecord, event: SlotEvent, context: TransitionContext): SlotRecord {
  const moved = apply(record, event, context)
  const uploads = remembered(moved.uploads)
  return withDueAt(uploads === moved.uploads ? moved : { ...moved, uploads }, context)
}

const NONE: readonly UploadRecord[] = []

/** An ended upload that was never told to a client can never be asked for again. */
function remembered(uploads: readonly UploadRecord[]): readonly UploadRecord[] {
  if (uploads.every(({ state }) => state === 'receiving')) return uploads
  // The usual end: one upload, by one request.
  if (uploads.length === 1 && uploads[0]?.resource === undefined) return NONE
  const told = uploads.filter((upload) => isHolding(upload) || isTold(upload))
  const givenUp = told.filter(({ state }) => state === 'aborted' || state === 'expired')
  const forgotten = new Set(givenUp.slice(0, -MAX_GIVEN_UP))
  return forgotten.size === 0 ? told : told.filter((upload) => !forgotten.has(upload))
}

/** Ids of the parts that nothing refers to any more once `after` has replaced `before`. */
export function releasedParts(before: SlotRecord, after: SlotRecord): readonly string[] {
  const held = after.uploads.filter(isHolding)
  const released: string[] = []
  for (const { id, state } of before.uploads) {
    // A record holds a handful of uploads: looking through them is cheaper than making a set.
    if (state === 'receiving' && !held.some((upload) => upload.id === id)) released.push(id)
  }
  return released
}

function apply(record: SlotRecord, event: SlotEvent, context: TransitionContext): SlotRecord {
  switch (event.type) {
    case 'leased':
      return bound({ ...admitted(record, event, context), lease: event.lease }, event)
    case 'generation':
      expect(record, event, 'open')
      return begun(admitted(record, event, context), event, context.now)
    case 'given-away':
      expect(record, event, 'open')
      return givenAway(record, event)
    case 'length-said':
      expect(record, event, 'open')
      return lengthSaid(record, event)
    case 'advanced':
      expect(record, event, 'open')
      return advanced(record, event, context.now)
    case 'published':
      expect(record, event, 'open')
      return published(record, event, context)
    case 'aborted':
      expect(record, event, 'open')
      return withUpload(record, close(receiving(record, event), 'aborted'))
    case 'file-removed':
      expect(record, event, 'published')
      return spent({ ...record, lease: event.lease })
    case 'due':
      return expired({ ...record, lease: event.lease }, context)
  }
}

function admitted(
  record: SlotRecord,
  event: SlotEvent & { readonly reopens?: boolean },
  context: TransitionContext,
): SlotRecord {
  return event.reopens === true ? reopened(record, context) : record
}

function bound(
  record: SlotRecord,
  { session }: { readonly session?: string | undefined },
): SlotRecord {
  return session === undefined ? record : { ...record, session }
}

function expect(record: SlotRecord, event: SlotEvent, state: SlotRecord['state']): void {
  if (record.state !== state) throw new IllegalTransition(record, event)
}

function begun(
  record: SlotRecord,
  event: Extract<SlotEvent, { type: 'generation' }>,
  now: Instant,
): SlotRecord {
  const newest = record.uploads.reduce((most, upload) => Math.max(most, upload.generation), 0)
  const upload: UploadRecord = {
    id: event.upload,
    generation: newest + 1,
    state: 'receiving',
    durable: 0,
    createdAt: now,
    face: event.face,
    ...event.adopts,
    ...(event.resource === undefined ? {} : { resource: event.resource }),
    ...event.description,
  }
  // What was adopted before, by a request whose answer got lost, goes on under its new name.
  const others =
    event.adopts === undefined
      ? record.uploads
      : record.uploads.filter(({ id }) => id !== event.upload)
  return bound({ ...record, lease: event.lease, uploads: [...parked(others), upload] }, event)
}

/** Of the uploads it is kept that they ended, and which of them goes on elsewhere. */
function givenAway(
  record: SlotRecord,
  event: Extract<SlotEvent, { type: 'given-away' }>,
): SlotRecord {
  const given = { ...receiving(record, event), state: 'adopted', adoptedBy: event.to } as const
  const uploads = record.uploads.map((upload) =>
    withoutMetadata(upload.id === given.id ? given : close(upload, 'aborted')),
  )
  // The type is needed to tell whether a request that comes again is the same.
  const { contentType } = record
  return { ...spent(record), contentType, lease: event.lease, uploads }
}

function withoutMetadata(upload: UploadRecord): UploadRecord {
  const { metadata: _, ...rest } = upload
  return rest
}

/** Makes room for one more. A generation that no client was told of can never be reached again. */
function parked(uploads: readonly UploadRecord[]): readonly UploadRecord[] {
  if (uploads.length === 0) return uploads
  const reachable = uploads.filter((upload) => isTold(upload))
  const live = reachable.filter((upload) => upload.state === 'receiving')
  const surplus = new Set(live.slice(0, Math.max(0, live.length - (MAX_GENERATIONS - 1))))
  return reachable.map((upload) => (surplus.has(upload) ? close(upload, 'aborted') : upload))
}

function lengthSaid(
  record: SlotRecord,
  event: Extract<SlotEvent, { type: 'length-said' }>,
): SlotRecord {
  const { isLengthDeferred: _, ...upload } = receiving(record, event)
  return withUpload(record, upload)
}

function advanced(
  record: SlotRecord,
  event: Extract<SlotEvent, { type: 'advanced' }>,
  now: Instant,
): SlotRecord {
  const { isAtRest: _, isUntold, ...upload } = receiving(record, event)
  if (event.durable < upload.durable || event.durable > record.size) {
    throw new IllegalTransition(record, event)
  }
  const { durable, lastByteAt = now } = event
  const moved = durable > upload.durable ? { durable, lastByteAt } : {}
  // Whoever sent all that it meant to send is answered next.
  const rest = event.rests === true ? { isAtRest: true as const } : untold(isUntold)
  return withUpload(record, { ...upload, ...moved, ...rest })
}

function untold(isUntold: true | undefined): Pick<UploadRecord, 'isUntold'> {
  return isUntold === undefined ? {} : { isUntold }
}

function published(
  record: SlotRecord,
  event: Extract<SlotEvent, { type: 'published' }>,
  { now, policy }: TransitionContext,
): SlotRecord {
  const { isUntold: _, ...upload } = receiving(record, event)
  const byAge = policy.fileMaxAge === 0 ? Infinity : now + policy.fileMaxAge
  const expires = Math.min(byAge, record.fileExpiresAt ?? Infinity)
  const done = { ...upload, state: 'complete', durable: record.size, lastByteAt: now } as const
  return {
    ...record,
    state: 'published',
    publishedAt: now,
    ...(expires === Infinity ? {} : { fileExpiresAt: expires }),
    uploads: record.uploads.map((other) =>
      other.id === upload.id ? done : close(other, 'aborted'),
    ),
  }
}

/** Only the fingerprint is kept of a spent slot: whose file it was is nobody's business any more. */
function spent(record: SlotRecord): SlotRecord {
  const { user: _user, publishedAt: _published, fileExpiresAt: _expires, ...rest } = record
  const nobodys = { path: '', owner: '', network: '', contentType: '' } as const
  return { ...rest, ...nobodys, state: 'spent', uploads: [] }
}

function expired(record: SlotRecord, { now, policy }: TransitionContext): SlotRecord {
  if (record.state === 'published' && (record.fileExpiresAt ?? Infinity) <= now) {
    return spent(record)
  }
  const uploads = record.uploads
    .map((upload) => (deadline(upload, policy) <= now ? close(upload, 'expired') : upload))
    .filter((upload) => upload.state === 'receiving' || tombstoneEnd(upload, policy) > now)
  return { ...record, uploads }
}

/** Whether nothing about the slot needs to be remembered any longer. */
export function isForgotten(record: SlotRecord, { now, policy }: TransitionContext): boolean {
  return recordEnd(record, policy) <= now
}

function recordEnd(record: SlotRecord, policy: EnginePolicy): Instant {
  if (record.state === 'published' || isReserving(record)) return Infinity
  if (record.state === 'open') {
    const tombstones = record.uploads.map((upload) => tombstoneEnd(upload, policy))
    return Math.max(record.openedAt + policy.maxSessionAge, ...tombstones)
  }
  // A grant without a time could be presented again for ever.
  if (policy.timelessGrants) return Infinity
  const end = (record.grantExpiresAt ?? record.openedAt) + policy.maxSessionAge
  return Math.max(end, ...record.uploads.map((upload) => tombstoneEnd(upload, policy)))
}

/** When an unfinished upload is given up. */
export function deadline(upload: UploadRecord, policy: EnginePolicy): Instant {
  if (upload.state !== 'receiving') return Infinity
  if (isTold(upload)) return upload.createdAt + policy.maxSessionAge
  if (upload.lastByteAt === undefined) return upload.createdAt + RESERVATION_WITHOUT_BYTE
  return upload.lastByteAt + policy.resumeTimeout
}

/** Until then a client that lost the last answer learns what became of its upload. */
function tombstoneEnd(upload: UploadRecord, policy: EnginePolicy): Instant {
  return upload.createdAt + 2 * policy.maxSessionAge
}

function withDueAt(record: SlotRecord, { policy }: TransitionContext): SlotRecord {
  const file = record.state === 'published' ? (record.fileExpiresAt ?? Infinity) : Infinity
  let dueAt = Math.min(file, recordEnd(record, policy))
  for (const upload of record.uploads) {
    const isOver = upload.state !== 'receiving'
    dueAt = Math.min(dueAt, isOver ? tombstoneEnd(upload, policy) : deadline(upload, policy))
  }
  if (dueAt !== Infinity) return record.dueAt === dueAt ? record : { ...record, dueAt }
  if (record.dueAt === undefined) return record
  const { dueAt: _, ...rest } = record
  return rest
}

function close(upload: UploadRecord, state: 'aborted' | 'expired'): UploadRecord {
  return upload.state === 'receiving' ? { ...upload, state } : upload
}

function receiving(
  record: SlotRecord,
  event: SlotEvent & { readonly upload: string },
): UploadRecord {
  const upload = record.uploads.find((candidate) => candidate.id === event.upload)
  if (upload?.state !== 'receiving') throw new IllegalTransition(record, event)
  return upload
}

function withUpload(record: SlotRecord, changed: UploadRecord): SlotRecord {
  return {
    ...record,
    uploads: record.uploads.map((upload) => (upload.id === changed.id ? changed : upload)),
  }
}
