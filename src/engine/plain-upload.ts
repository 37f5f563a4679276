import type { ByteSource } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities, Activity } from './activity.ts'
import { admit, claimPath, judge } from './admission.ts'
import { compare } from './comparing.ts'
import type { Cut, Published, PutRequest } from './engine.ts'
import { begin } from './generation.ts'
import type { EngineParts } from './engine-parts.ts'
import type { EngineNeeds } from './needs.ts'
import { publishedFile } from './publishing.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Holder, type Tenure, acquireLease, holderOf } from './tenure.ts'
import { CUT, write } from './writing.ts'

/** Uploads of whole bodies, each a generation of its own. */
export function plainUploads(
  needs: EngineParts,
  activity: Activities,
): { put(request: PutRequest): Promise<Published | Cut> } {
  return { put }

  async function put(request: PutRequest): Promise<Published | Cut> {
    if (request.grant.claim !== undefined) await claimPath(request.grant, needs)
    for (;;) {
      const { fingerprint } = request.grant
      const seen = await needs.slots.find(fingerprint)
      judge(seen ?? activity.find(fingerprint)?.record(), request.grant, needs)
      if (seen?.state === 'published') return await repeat(seen, request, needs)
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
    const { fingerprint } = request.grant
    const rival = activity.rivalOf(fingerprint)
    const hadToWait = needs.leases.isHeld(fingerprint)
    const lease = await acquireLease(fingerprint, holder, needs)
    if (lease === 'superseded') {
      request.body.cut()
      return CUT
    }
    // What is disposed of by hand here and below is so because every upload passes.
    try {
      return await withLease({ seen, request, holder, rival, hadToWait })
    } finally {
      lease[Symbol.dispose]()
    }
  }

  /** As `attempt`, now that nobody else writes. */
  async function withLease(attempted: Attempt): Promise<Published | Cut | 'stale'> {
    const { seen, request, holder, rival, hadToWait } = attempted
    const isOld = hadToWait || isDoubtful(seen, needs)
    const record = isOld ? await needs.slots.find(request.grant.fingerprint) : seen
    // Whoever was taken over may have been the first to use the slot, which no store knows of then.
    if (hadToWait) judge(record ?? rival?.record(), request.grant, needs)
    if (record?.state === 'published') return 'stale'
    if (rival !== undefined) {
      const slot = record ?? rival.record()
      needs.events.takenOver(slot, { from: rival.client, to: request.client })
    }
    const share = await admit(record, request, needs)
    try {
      const tenure = await begin(record, { request, holder, face: 'plain', share }, needs)
      if (tenure === undefined) return holder.isReleased() ? CUT : 'stale'
      return await fill({ tenure, request, holder }, needs, activity)
    } finally {
      share[Symbol.dispose]()
    }
  }
}

/** One request on a slot as it was seen, before there was the right to write. */
interface Attempt {
  readonly seen: SlotRecord | undefined
  readonly request: PutRequest
  readonly holder: Holder
  /** Who was writing then. */
  readonly rival: Activity | undefined
  readonly hadToWait: boolean
}

/** Whether another process, where there are some, may have stored the slot since it was looked for. */
function isDoubtful(seen: SlotRecord | undefined, { notices }: EngineNeeds): boolean {
  return seen === undefined && notices !== undefined
}

async function fill(
  { tenure, request, holder }: { tenure: Tenure; request: PutRequest; holder: Holder },
  needs: EngineNeeds,
  activity: Activities,
): Promise<Published | Cut> {
  const upload = tenure.record().uploads.at(-1)
  if (upload === undefined) return CUT
  const writer = await needs.blobs.create(upload.id)
  const writing = { tenure, holder, upload, writer, body: request.body, completes: true }
  try {
    const outcome = await write(writing, needs, activity)
    return outcome.kind === 'progress' ? CUT : outcome
  } finally {
    await writer[Symbol.asyncDispose]()
    // Without a record nobody could ever go on with the part.
    if (!tenure.isStored()) await needs.blobs.removePart(upload.id)
  }
}

/** The client lost our answer, or sends something else to a slot that has its file. */
export async function repeat(
  record: SlotRecord,
  { body, offset: start = 0 }: { readonly body: ByteSource; readonly offset?: number },
  { blobs, events }: EngineNeeds,
): Promise<Published | Cut> {
  const file = publishedFile(record)
  if (file === undefined) return CUT
  try {
    if ((await compare(body, { ...file, start }, blobs)) === 'cut') return CUT
  } catch (error) {
    if (error instanceof Refusal && error.code === 'slot-conflict') {
      events.repeated(record, 'different')
    }
    throw error
  }
  events.repeated(record, 'same')
  return { kind: 'published', file }
}
