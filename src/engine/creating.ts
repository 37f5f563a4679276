import type { Activities } from './activity.ts'
import { admit, claimPath, look, lookAgain } from './admission.ts'
import { adoptions } from './adopting.ts'
import type { CreateRequest, Cut, Delivery, Engine, Progress, Published } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { begin } from './generation.ts'
import { type Passed, bindingOf, letOpen } from './passage.ts'
import { type Sent, repeat } from './repeating.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Holder, acquireLease, holderOf } from './tenure.ts'
import { CUT, type Writing, noteTakeover, progressOf, write } from './writing.ts'

type Outcome = Progress | Published | Cut

/** Creates uploads, with their first bytes or without. */
export function creations(needs: EngineParts, activity: Activities): Pick<Engine, 'create'> {
  const adoption = adoptions(needs, activity)
  return { create }

  async function create(request: CreateRequest): Promise<Outcome> {
    await claimPath(request.grant, needs)
    for (;;) {
      const { stored, known, passed } = await look(request, activity, needs)
      const outcome =
        stored?.state === 'published'
          ? await repeat({ record: stored, passed }, sentWith(request), needs)
          : await begun(request, known, passed)
      if (outcome !== 'stale') return outcome
    }
  }

  async function begun(
    request: CreateRequest,
    known: SlotRecord | undefined,
    passed: Passed | undefined,
  ): Promise<Outcome | 'stale'> {
    const { adopts } = request
    if (adopts === undefined) return await attempt(request, passed)
    return await adoption.attempt({ ...request, adopts }, known, passed)
  }

  /** Tries to become the writer; `stale` when the slot changed before it was. */
  async function attempt(
    request: CreateRequest,
    seen: Passed | undefined,
  ): Promise<Outcome | 'stale'> {
    const { grant, client, delivery } = request
    const holder = holderOf(client, delivery?.body)
    const rival = activity.rivalOf(grant.fingerprint)
    const lease = await acquireLease(grant.fingerprint, holder, needs)
    if (lease === 'superseded') return CUT
    using _lease = lease
    const sight = await lookAgain(request, { rival, passed: seen }, needs)
    const { stored: record, known: slot, passed } = sight
    if (record?.state === 'published') return 'stale'
    if (rival !== undefined) noteTakeover(rival, { slot, client }, needs)
    const outcome = await start({ record, passed }, { request, holder }, { needs, activity })
    return outcome === 'stale' && holder.isReleased() ? CUT : outcome
  }
}

/** A slot as its new holder finds it. */
interface Seen {
  readonly record: SlotRecord | undefined
  readonly passed: Passed | undefined
}

interface Parts {
  readonly needs: EngineParts
  readonly activity: Activities
}

/** Starts a generation; `stale` when the slot changed before it did. */
async function start(
  { record, passed }: Seen,
  { request, holder }: { request: CreateRequest; holder: Holder },
  parts: Parts,
): Promise<Outcome | 'stale'> {
  const { needs } = parts
  const { face, resource, description, delivery, passage } = request
  using share = await admit(record, request, needs)
  await letOpen(record, passage, passed)
  const facts = {
    session: bindingOf(record, passage, passed),
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

/** The bytes to compare with the file of a slot that has it; who adopts has none to send. */
function sentWith({ adopts, delivery }: CreateRequest): Sent {
  return adopts === undefined ? { ...delivery } : {}
}
