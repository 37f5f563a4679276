import type { Activities } from './activity.ts'
import { admit, claimPath, judge } from './admission.ts'
import type { CreateRequest, Cut, Delivery, Engine, Progress, Published } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { begin } from './generation.ts'
import { repeat } from './plain-upload.ts'
import { publishedFile } from './publishing.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Holder, acquireLease, holderOf } from './tenure.ts'
import { CUT, type Writing, progressOf, write } from './writing.ts'

type Outcome = Progress | Published | Cut

/** Creates uploads, with their first bytes or without. */
export function creations(needs: EngineParts, activity: Activities): Pick<Engine, 'create'> {
  return { create }

  async function create(request: CreateRequest): Promise<Outcome> {
    const { grant } = request
    await claimPath(grant, needs)
    for (;;) {
      const seen = await needs.slots.find(grant.fingerprint)
      judge(seen ?? activity.find(grant.fingerprint)?.record(), grant, needs)
      if (seen?.state === 'published') return await repeated(seen, request, needs)
      const outcome = await attempt(request)
      if (outcome !== 'stale') return outcome
    }
  }

  /** Tries to become the writer; `stale` when the slot changed before it was. */
  async function attempt(request: CreateRequest): Promise<Outcome | 'stale'> {
    const { grant, client, delivery } = request
    const holder = holderOf(client, delivery?.body)
    const rival = activity.rivalOf(grant.fingerprint)
    const lease = await acquireLease(grant.fingerprint, holder, needs)
    if (lease === 'superseded') return CUT
    using _lease = lease
    const record = await needs.slots.find(grant.fingerprint)
    judge(record ?? rival?.record(), grant, needs)
    if (record?.state === 'published') return 'stale'
    if (rival !== undefined) {
      const slot = record ?? rival.record()
      needs.events.takenOver(slot, { from: rival.client, to: client })
    }
    const outcome = await start(record, { request, holder }, { needs, activity })
    return outcome === 'stale' && holder.isReleased() ? CUT : outcome
  }
}

interface Parts {
  readonly needs: EngineParts
  readonly activity: Activities
}

/** Starts a generation; `stale` when the slot changed before it did. */
async function start(
  record: SlotRecord | undefined,
  { request, holder }: { request: CreateRequest; holder: Holder },
  parts: Parts,
): Promise<Outcome | 'stale'> {
  const { needs } = parts
  const { face, resource, description, delivery } = request
  using share = await admit(record, request, needs)
  const facts = {
    ...(resource === undefined ? {} : { resource }),
    ...(description === undefined ? {} : { description }),
  }
  const tenure = await begin(record, { request, holder, face, share, ...facts }, needs)
  const upload = tenure?.record().uploads.at(-1)
  if (tenure === undefined || upload === undefined) return 'stale'
  try {
    return await fill({ tenure, holder, upload }, delivery, parts)
  } finally {
    // Without a record nobody could ever go on with the part.
    if (!tenure.isStored()) await needs.blobs.removePart(upload.id)
  }
}

/** The part and the record are there before the client is told of the upload, so that it can always go on. */
async function fill(
  begun: Pick<Writing, 'tenure' | 'holder' | 'upload'>,
  delivery: Delivery | undefined,
  { needs, activity }: Parts,
): Promise<Outcome> {
  const { tenure, upload } = begun
  await using writer = await needs.blobs.create(upload.id)
  if (delivery === undefined || upload.resource !== undefined) {
    const isKept = await tenure.apply({ type: 'advanced', upload: upload.id, durable: 0 })
    if (!isKept) return CUT
    delivery?.onKept?.(progressOf(begun, needs))
  }
  if (delivery === undefined) return progressOf(begun, needs)
  return await write({ ...begun, ...delivery, writer }, needs, activity)
}

/** The slot has its file: bytes that come again are compared with it. */
async function repeated(
  record: SlotRecord,
  { delivery }: CreateRequest,
  needs: EngineParts,
): Promise<Published | Cut> {
  if (delivery !== undefined) return await repeat(record, delivery, needs)
  const file = publishedFile(record)
  return file === undefined ? CUT : { kind: 'published', file }
}
