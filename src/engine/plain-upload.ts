import type { Activities, Activity } from './activity.ts'
import { admit, claimPath, guard, judge } from './admission.ts'
import type { Cut, Published, PutRequest } from './engine.ts'
import { begin } from './generation.ts'
import type { EngineParts } from './engine-parts.ts'
import type { EngineNeeds } from './needs.ts'
import { type Passed, bindingOf, isGuarded, letOpen } from './passage.ts'
import { repeat } from './repeating.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Holder, type Tenure, acquireLease, holderOf } from './tenure.ts'
import { CUT, noteTakeover, write } from './writing.ts'

/** Uploads of whole bodies, each a generation of its own. */
export function plainUploads(
  needs: EngineParts,
  activity: Activities,
): { put(request: PutRequest): Promise<Published | Cut> } {
  const parts = { needs, activity }
  return { put }

  async function put(request: PutRequest): Promise<Published | Cut> {
    if (request.grant.claim !== undefined) await claimPath(request.grant, needs)
    for (;;) {
      const { fingerprint } = request.grant
      const found = needs.slots.find(fingerprint)
      const seen = found instanceof Promise ? await found : found
      const known = seen ?? activity.find(fingerprint)?.record()
      judge(known, request.grant, needs)
      const passed = isGuarded(known, request.passage)
        ? await guard(known, request, needs)
        : undefined
      const outcome =
        seen?.state === 'published'
          ? await repeat({ record: seen, passed }, request, needs)
          : await attempt(request, seen, passed)
      if (outcome !== 'stale') return outcome
    }
  }

  /** Tries to become the writer; `stale` when the slot changed before it was. */
  async function attempt(
    request: PutRequest,
    seen: SlotRecord | undefined,
    passed: Passed | undefined,
  ): Promise<Published | Cut | 'stale'> {
    const holder = holderOf(request.client, request.body)
    const { fingerprint } = request.grant
    const rival = activity.rivalOf(fingerprint)
    const hadToWait = needs.leases.isHeld(fingerprint)
    const acquired = acquireLease(fingerprint, holder, needs)
    const lease = acquired instanceof Promise ? await acquired : acquired
    if (lease === 'superseded') {
      request.body.cut()
      return CUT
    }
    // What is disposed of by hand here and below is so because every upload passes.
    try {
      return await withLease({ seen, passed, request, holder, rival, hadToWait }, parts)
    } finally {
      lease[Symbol.dispose]()
    }
  }
}

/** One request on a slot as it was seen, before there was the right to write. */
interface Attempt {
  readonly seen: SlotRecord | undefined
  /** What was let pass then, where somebody guards it. */
  readonly passed: Passed | undefined
  readonly request: PutRequest
  readonly holder: Holder
  /** Who was writing then. */
  readonly rival: Activity | undefined
  readonly hadToWait: boolean
}

/** What both steps of an attempt are built from. */
interface Parts {
  readonly needs: EngineParts
  readonly activity: Activities
}

/** As an attempt goes on when nobody else writes. */
async function withLease(
  attempted: Attempt,
  { needs, activity }: Parts,
): Promise<Published | Cut | 'stale'> {
  const { request, holder, rival } = attempted
  const { seen: record, passed } = mayDiffer(attempted, needs)
    ? await lookedAgain(attempted, needs)
    : attempted
  if (record?.state === 'published') return 'stale'
  if (rival !== undefined) noteTakeover(rival, { slot: record, client: request.client }, needs)
  const admitted = admit(record, request, needs)
  const share = admitted instanceof Promise ? await admitted : admitted
  try {
    const opening = letOpen(record, request.passage, passed)
    if (opening !== undefined) await opening
    const session = bindingOf(record, request.passage, passed)
    const begun = begin(record, { request, holder, face: 'plain', session, share }, needs)
    const tenure = begun instanceof Promise ? await begun : begun
    if (tenure === undefined) return holder.isReleased() ? CUT : 'stale'
    return await fill({ tenure, request, holder }, needs, activity)
  } finally {
    share[Symbol.dispose]()
  }
}

/** Whether the slot may be another one than was let pass. */
function mayDiffer(
  { seen, passed, request, rival, hadToWait }: Attempt,
  needs: EngineNeeds,
): boolean {
  if (hadToWait || isDoubtful(seen, needs)) return true
  return isGuarded(seen ?? rival?.record(), request.passage, passed)
}

/** The slot as it is now, and what is let pass of it. */
async function lookedAgain(
  { seen, passed, request, rival, hadToWait }: Attempt,
  needs: EngineNeeds,
): Promise<Pick<Attempt, 'seen' | 'passed'>> {
  const isOld = hadToWait || isDoubtful(seen, needs)
  const record = isOld ? await needs.slots.find(request.grant.fingerprint) : seen
  // Whoever was taken over may have been the first to use the slot, which no store knows of then.
  const known = record ?? rival?.record()
  if (hadToWait) judge(known, request.grant, needs)
  if (!isGuarded(known, request.passage, passed)) return { seen: record, passed }
  return { seen: record, passed: await guard(known, request, needs) }
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
  const created = needs.blobs.create(upload.id)
  const writer = created instanceof Promise ? await created : created
  const { body, digests } = request
  const writing = { tenure, holder, upload, writer, body, completes: true, digests }
  try {
    const outcome = await write(writing, needs, activity)
    return outcome.kind === 'progress' ? CUT : outcome
  } finally {
    await writer[Symbol.asyncDispose]()
    // Without a record nobody could ever go on with the part.
    if (!tenure.isStored()) await needs.blobs.removePart(upload.id)
  }
}
