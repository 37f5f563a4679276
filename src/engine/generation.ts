import { ownerOf, reserve } from './admission.ts'
import type { PutRequest } from './engine.ts'
import { type EngineNeeds, ID_BYTES, contextOf } from './needs.ts'
import type { Face, SlotRecord } from './slot-record.ts'
import { type Holder, type Tenure, nextLease, tenureOf } from './tenure.ts'
import { next, opened, releasedParts } from './transitions.ts'

/** What starts a new generation of a slot. */
export interface Start {
  readonly request: Pick<PutRequest, 'grant' | 'client'>
  readonly holder: Holder
  readonly face: Face
  readonly resource?: string
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
