import type { PutRequest } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { ID_BYTES, contextOf } from './needs.ts'
import { standingOf } from './reopening.ts'
import type { Share } from './reservations.ts'
import type { Face, SlotRecord, UploadDescription, UploadRecord } from './slot-record.ts'
import { type Holder, type Tenure, nextLease, tenureOf } from './tenure.ts'
import { type SlotEvent, begunAnew } from './transitions.ts'

/** What starts a new generation of a slot. */
export interface Start {
  readonly request: Pick<PutRequest, 'grant' | 'client'>
  readonly holder: Holder
  readonly face: Face
  readonly resource?: string
  readonly description?: UploadDescription
  /** The session that the slot is bound to from now on; absent: it stays as it is. */
  readonly session?: string | undefined
  /** What the generation goes on with; absent: it begins with nothing. */
  readonly adopts?: UploadRecord
  /** The owner, and its share of the open uploads until the slot is stored. */
  readonly share: Share
}

/**
 * Starts a generation, of a new slot if need be, which is stored with the tenure's first event: an
 * upload that needs one request needs one write. Resolves to nothing when the record is no longer
 * as it was seen, or the request was overtaken.
 */
export function begin(
  seen: SlotRecord | undefined,
  { request, holder, share, adopts, ...start }: Start,
  needs: EngineParts,
): Tenure | undefined | Promise<Tenure | undefined> {
  if (holder.isReleased()) return undefined
  // A grant that is not valid any more, and was let pass.
  const reopens = standingOf(seen, request.grant, contextOf(needs)).kind !== 'valid'
  const event: Generation = {
    type: 'generation',
    ...start,
    reopens,
    upload: adopts?.id ?? needs.newId(ID_BYTES),
    adopts: adopts && bytesOf(adopts),
    lease: nextLease(seen, needs),
  }
  return seen === undefined
    ? begunFirst({ request, share, event }, needs)
    : begunAgain(seen, { request, event }, needs)
}

type Generation = Extract<SlotEvent, { type: 'generation' }> & { readonly reopens: boolean }

/** A generation of a slot that nobody used before. */
function begunFirst(
  { request, share, event }: Pick<Start, 'request' | 'share'> & { readonly event: Generation },
  needs: EngineParts,
): Tenure {
  const { grant, client } = request
  const opening = {
    id: needs.newId(ID_BYTES),
    owner: share.owner,
    network: needs.networkName(client),
  }
  const record = begunAnew({ grant, opening }, event, contextOf(needs))
  return tenureOf(record, needs, {
    stored: (first) => {
      share[Symbol.dispose]()
      needs.events.slotOpened(first, client)
      if (event.reopens) needs.events.recovered(first, client)
    },
  })
}

async function begunAgain(
  seen: SlotRecord,
  { request, event }: Pick<Start, 'request'> & { readonly event: Generation },
  needs: EngineParts,
): Promise<Tenure | undefined> {
  const tenure = tenureOf(seen, needs)
  if (!(await tenure.apply(event))) return undefined
  if (event.reopens) needs.events.recovered(tenure.record(), request.client)
  return tenure
}

/** What is known of an upload's bytes. */
function bytesOf({
  durable,
  lastByteAt,
}: UploadRecord): Pick<UploadRecord, 'durable' | 'lastByteAt'> {
  return lastByteAt === undefined ? { durable } : { durable, lastByteAt }
}
