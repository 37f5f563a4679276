import type { Activities } from './activity.ts'
import { claimPath, judge, ownerOf, reserve } from './admission.ts'
import { compare } from './comparing.ts'
import type { Cut, Published, PutRequest } from './engine.ts'
import { type EngineNeeds, ID_BYTES, contextOf } from './needs.ts'
import { publishedFile } from './publishing.ts'
import type { Face, SlotRecord } from './slot-record.ts'
import { type Holder, type Tenure, acquireLease, holderOf, nextLease, tenureOf } from './tenure.ts'
import { next, opened, releasedParts } from './transitions.ts'
import { CUT, write } from './writing.ts'

/** What starts a new generation of a slot. */
export interface Start {
  readonly request: Pick<PutRequest, 'grant' | 'client'>
  readonly holder: Holder
  readonly face: Face
  readonly resource?: string
}

/** Uploads of whole bodies, each a generation of its own. */
export function plainUploads(
  needs: EngineNeeds,
  activity: Activities,
): { put(request: PutRequest): Promise<Published | Cut> } {
  return { put }

  async function put(request: PutRequest): Promise<Published | Cut> {
    await claimPath(request.grant, needs)
    for (;;) {
      const seen = await needs.slots.find(request.grant.fingerprint)
      judge(seen, request.grant, needs)
      if (seen?.state === 'published') return await repeat(seen, request)
      const outcome = await attempt(seen, request)
      if (outcome !== 'stale') return outcome
    }
  }

  /** Tries to become the writer; `stale` when the slot changed before it was. */
  async function attempt(
    seen: SlotRecord | undefined,
    request: PutRequest,
  ): Promise<Published | Cut | 'stale'> {
    const holder = holderOf(request.client, request.body)
    const start: Start = { request, holder, face: 'plain' }
    const { fingerprint } = request.grant
    const rival = activity.find(fingerprint)
    const hadToWait = needs.leases.isHeld(fingerprint)
    const lease = await acquireLease(fingerprint, holder, needs)
    if (lease === 'superseded') {
      request.body.cut()
      return CUT
    }
    using _lease = lease
    const record = hadToWait ? await needs.slots.find(fingerprint) : seen
    if (hadToWait) judge(record, request.grant, needs)
    if (record?.state === 'published') return 'stale'
    if (record !== undefined && rival !== undefined) {
      needs.events.takenOver(record, { from: rival.client, to: request.client })
    }
    const tenure = await begin(record, start, needs)
    if (tenure === undefined) return holder.isReleased() ? CUT : 'stale'
    return await fill(tenure, { request, holder })
  }

  async function fill(
    tenure: Tenure,
    { request, holder }: { request: PutRequest; holder: Holder },
  ): Promise<Published | Cut> {
    const upload = tenure.record().uploads.at(-1)
    if (upload === undefined) return CUT
    await using writer = await needs.blobs.create(upload.id)
    const writing = { tenure, holder, upload, writer, body: request.body, completes: true }
    const outcome = await write(writing, needs, activity)
    return outcome.kind === 'progress' ? CUT : outcome
  }

  /** The client lost our answer, or sends something else to a slot that has its file. */
  async function repeat(record: SlotRecord, { body }: PutRequest): Promise<Published | Cut> {
    const file = publishedFile(record)
    if (file === undefined) return CUT
    try {
      if ((await compare(body, file, needs.blobs)) === 'cut') return CUT
    } catch (error) {
      needs.events.repeated(record, 'different')
      throw error
    }
    needs.events.repeated(record, 'same')
    return { kind: 'published', file }
  }
}

/**
 * Opens the slot if need be and starts a generation. Resolves to nothing when the record is no
 * longer as it was seen. Refuses when there is no room.
 */
export async function begin(
  seen: SlotRecord | undefined,
  { request, holder, face, resource }: Start,
  needs: EngineNeeds,
): Promise<Tenure | undefined> {
  const { grant, client } = request
  const owner = seen?.owner ?? ownerOf(grant, client)
  await reserve(seen, { grant, owner }, needs)
  if (holder.isReleased()) return undefined
  const context = contextOf(needs)
  const facts = { id: needs.newId(ID_BYTES), owner, network: client.network }
  const before = seen ?? opened(grant, facts, context)
  const lease = nextLease(seen, needs)
  const named = resource === undefined ? {} : { resource }
  const upload = needs.newId(ID_BYTES)
  const after = next(before, { type: 'generation', upload, face, lease, ...named }, context)
  if (seen === undefined) {
    needs.events.slotOpened(after, client)
    return tenureOf(after, isOurs(after, needs), needs)
  }
  if (!(await needs.slots.replace(after, before.lease))) return undefined
  for (const part of releasedParts(before, after)) await needs.blobs.removePart(part)
  return tenureOf(after, Promise.resolve(true), needs)
}

/** Stores a new slot; `false` when another process was first. */
async function isOurs(record: SlotRecord, { slots }: EngineNeeds): Promise<boolean> {
  return (await slots.create(record)).id === record.id
}
