import { type EngineNeeds, contextOf } from './needs.ts'
import type { SlotRecord, UploadRecord } from './slot-record.ts'
import { type Tenure, nextLease, tenureOf } from './tenure.ts'

/** Records that are mended side by side: a store writes together what comes together. */
const AT_ONCE = 2048

/**
 * Mends what a crash left, before the first request: a file that was linked but not committed is
 * committed; a part longer than its record is cut when it is gone on with; a shorter one is lost.
 */
export async function recover(
  needs: EngineNeeds,
  left: AsyncIterable<SlotRecord> = needs.slots.reserving(),
): Promise<void> {
  for await (const records of batchesOf(left)) {
    await Promise.all(records.map(async (record) => await mendUnlessHeld(record, needs)))
  }
}

async function* batchesOf(records: AsyncIterable<SlotRecord>): AsyncGenerator<SlotRecord[]> {
  let batch: SlotRecord[] = []
  for await (const record of records) {
    batch.push(record)
    if (batch.length < AT_ONCE) continue
    yield batch
    batch = []
  }
  yield batch
}

async function mendUnlessHeld(record: SlotRecord, needs: EngineNeeds): Promise<void> {
  // What another process is busy with is none of ours.
  if (!(await needs.leases.isHeldElsewhere(record.fingerprint))) await mend(record, needs)
}

async function mend(record: SlotRecord, needs: EngineNeeds): Promise<void> {
  const tenure = tenureOf(record, needs)
  // Whoever held the lease before the crash must not be able to commit any more.
  if (!(await tenure.apply({ type: 'leased', lease: nextLease(record, needs) }))) return
  const live = record.uploads.filter((upload) => upload.state === 'receiving')
  const linked = await needs.blobs.fileSize(record.id)
  const publisher = linked === record.size ? await publisherOf(record.id, live, needs) : undefined
  if (publisher !== undefined) {
    await tenure.apply({ type: 'published', upload: publisher.id })
    needs.events.published(tenure.record(), publisher, secondsSince(publisher, needs))
    return
  }
  if (linked !== undefined) await needs.blobs.removeFile(record.id)
  for (const upload of live) await mendUpload(tenure, upload, needs)
}

/** The upload whose part was linked; where that part is gone, the newest. */
async function publisherOf(
  file: string,
  live: readonly UploadRecord[],
  { blobs }: EngineNeeds,
): Promise<UploadRecord | undefined> {
  for (const upload of live) if (await blobs.isPublishedAs(upload.id, file)) return upload
  return live.at(-1)
}

async function mendUpload(tenure: Tenure, upload: UploadRecord, needs: EngineNeeds): Promise<void> {
  const size = await needs.blobs.partSize(upload.id)
  // Without a byte promised, a part that is not there yet has lost nothing.
  if ((size ?? 0) >= upload.durable && size !== undefined) return
  await tenure.apply({ type: 'aborted', upload: upload.id })
  needs.events.abandoned(tenure.record(), upload, 'lost')
}

function secondsSince(upload: UploadRecord, needs: EngineNeeds): number {
  return (contextOf(needs).now - upload.createdAt) / 1000
}
