import type { ByteSource } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import { fingerprintOf } from '../core/slot-path.ts'
import type { Activities } from './activity.ts'
import { admit, claimPath, look, lookAgain } from './admission.ts'
import type { Cut, Delivery, Engine, Progress, Published, RangeRequest } from './engine.ts'
import { begin } from './generation.ts'
import type { EngineParts } from './engine-parts.ts'
import { contextOf } from './needs.ts'
import { type Passed, bindingOf, letOpen } from './passage.ts'
import { type Sent, repeat } from './repeating.ts'
import { standingOf } from './reopening.ts'
import type { SlotRecord, UploadDescription, UploadRecord } from './slot-record.ts'
import { type Holder, acquireLease, bindAnew, holderOf, nextLease, tenureOf } from './tenure.ts'
import { CUT, noteResumption, noteTakeover, write } from './writing.ts'

type Outcome = Progress | Published | Cut

/** A generation that goes on, and whoever holds its slot. */
interface Live {
  readonly record: SlotRecord
  readonly upload: UploadRecord
  readonly holder: Holder
  readonly passed: Passed | undefined
}

/** What both ways to store a piece are built from. */
interface Parts {
  readonly needs: EngineParts
  readonly activity: Activities
}

const NOTHING: ByteSource = { pump: () => Promise.resolve('end'), cut: () => {} }

/**
 * Uploads that go on by the grant alone. A slot has at most one such generation: the one that an
 * earlier piece, or a whole body that was cut, left. One with an upload resource is never touched,
 * because the grant alone gives no right to go on with it.
 */
export function rangeUploads(
  needs: EngineParts,
  activity: Activities,
): Pick<Engine, 'range' | 'sizeOf'> {
  return {
    range,
    async sizeOf(path): Promise<number | undefined> {
      const slot = fingerprintOf(path)
      return ((await needs.slots.find(slot)) ?? activity.find(slot)?.record())?.size
    },
  }

  async function range(request: RangeRequest): Promise<Outcome> {
    await claimPath(request.grant, needs)
    for (;;) {
      const { stored, passed } = await look(request, activity, needs)
      const outcome =
        stored?.state === 'published'
          ? await repeat({ record: stored, passed }, sentWith(request), needs)
          : await attempt(request, passed)
      if (outcome !== 'stale') return outcome
    }
  }

  /** Tries to become the writer; `stale` when the slot changed before it was. */
  async function attempt(
    request: RangeRequest,
    seen: Passed | undefined,
  ): Promise<Outcome | 'stale'> {
    const { grant, client, piece } = request
    const holder = holderOf(client, piece?.body)
    const rival = activity.rivalOf(grant.fingerprint)
    if (rival !== undefined) rival.isWanted = true
    const lease = await acquireLease(grant.fingerprint, holder, needs)
    if (lease === 'superseded') {
      piece?.body.cut()
      return CUT
    }
    using _lease = lease
    const { stored: record, passed } = await lookAgain(request, { rival, passed: seen }, needs)
    if (record?.state === 'published') return 'stale'
    if (rival !== undefined) noteTakeover(rival, { slot: record, client }, needs)
    const upload = record?.uploads.findLast(isOpenToGrant)
    return record === undefined || upload === undefined
      ? await start(record, { request, holder, passed }, { needs, activity })
      : await goOn({ record, upload, holder, passed }, request, { needs, activity })
  }
}

async function start(
  record: SlotRecord | undefined,
  { request, holder, passed }: { request: RangeRequest } & Pick<Live, 'holder' | 'passed'>,
  { needs, activity }: Parts,
): Promise<Outcome | 'stale'> {
  const { piece } = request
  const session = bindingOf(record, request.passage, passed)
  if (piece === undefined) {
    const isAsItIs = record === undefined || session === undefined
    const isBound = isAsItIs || (await bindAnew(record, session, needs))
    return isBound ? { kind: 'progress', offset: 0 } : 'stale'
  }
  if (piece.offset !== 0) throw new Refusal('offset-mismatch', { expected: 0 })
  using share = await admit(record, request, needs)
  await letOpen(record, request.passage, passed)
  const facts = { session, share, description: descriptionOf(request) }
  const tenure = await begin(record, { request, holder, face: 'range', ...facts }, needs)
  const upload = tenure?.record().uploads.at(-1)
  if (tenure === undefined || upload === undefined) return holder.isReleased() ? CUT : 'stale'
  await using writer = await needs.blobs.create(upload.id)
  const delivery = deliveryOf(request, tenure.record())
  try {
    const writing = { tenure, holder, upload, writer, ...delivery }
    return await write(writing, needs, activity)
  } finally {
    // Without a record nobody could ever go on with the part.
    if (!tenure.isStored()) await needs.blobs.removePart(upload.id)
  }
}

async function goOn(
  { record, upload, holder, passed }: Live,
  request: RangeRequest,
  { needs, activity }: Parts,
): Promise<Outcome | 'stale'> {
  const { grant, client, piece } = request
  const { durable } = upload
  const tenure = tenureOf(record, needs)
  // A grant that is not valid any more, and was let pass.
  const reopens = standingOf(record, grant, contextOf(needs)).kind !== 'valid'
  const lease = nextLease(record, needs)
  // No earlier holder may commit from now on, in whatever process it runs.
  const session = passed?.rebinds
  if (!(await tenure.apply({ type: 'leased', lease, reopens, session }))) return 'stale'
  if (reopens) needs.events.recovered(tenure.record(), client)
  if (piece !== undefined && piece.offset !== durable) {
    throw new Refusal('offset-mismatch', { expected: durable })
  }
  // All bytes may have come before a crash that kept them from being published.
  if (piece === undefined && durable < record.size) return { kind: 'progress', offset: durable }
  noteResumption({ tenure, upload, holder }, needs)
  await using writer = await needs.blobs.resume(upload.id, durable)
  const delivery = deliveryOf(request, record)
  return await write({ tenure, holder, upload, writer, ...delivery }, needs, activity)
}

/** What is kept of the first piece: the digests of a file that more pieces complete. */
function descriptionOf({ digests }: RangeRequest): UploadDescription {
  return digests?.whole === undefined ? {} : { digests: digests.whole }
}

/** The piece as a body of an upload of so many bytes; without one, that nothing is missing. */
function deliveryOf(
  { piece, digests }: RangeRequest,
  { size }: { readonly size: number },
): Delivery {
  const { body, end = size } = piece ?? { body: NOTHING }
  return { body, completes: end >= size, digests }
}

/** The piece as it is compared with a file that is there. */
function sentWith({ piece, digests }: RangeRequest): Sent {
  return { ...piece, digests }
}

function isOpenToGrant({ state, resource }: UploadRecord): boolean {
  return state === 'receiving' && resource === undefined
}
