import { ownerOf, reserve } from './admission.ts'
import type { PutRequest } from './engine.ts'
import { type EngineNeeds, ID_BYTES, contextOf } from './needs.ts'
import type { Face, SlotRecord } from './slot-record.ts'
import { type Holder, type Tenure, nextLease, tenureOf } from './tenure.ts'
import { type SlotEvent, next, opened } from './transitions.ts'

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
  const event: SlotEvent = {
    type: 'generation',
    upload: needs.newId(ID_BYTES),
    face,
    lease: nextLease(seen, needs),
    ...(resource === undefined ? {} : { resource }),
  }
  if (seen !== undefined) {
    const tenure = tenureOf(seen, needs)
    return (await tenure.apply(event)) ? tenure : undefined
  }
  const context = contextOf(needs)
  const facts = { id: needs.newId(ID_BYTES), owner, network: client.network }
  const record = next(opened(grant, facts, context), event, context)
  needs.events.slotOpened(record, client)
  return tenureOf(record, needs, isOurs(record, needs))
}

/** Stores a new slot; `false` when another process was first. */
async function isOurs(record: SlotRecord, { slots }: EngineNeeds): Promise<boolean> {
  return (await slots.create(record)).id === record.id
}
