import type { Fingerprint } from '../core/slot-path.ts'
import type { RemovalReason } from './events.ts'
import { type EngineNeeds, contextOf } from './needs.ts'
import { type SlotRecord, type UploadRecord, isHolding } from './slot-record.ts'
import { nextLease, tenureOf } from './tenure.ts'
import { isForgotten, releasedParts } from './transitions.ts'

/** Slots looked at before others get their turn. */
const BATCH = 100

/** Ends what is overdue: files past their life, abandoned parts, records nobody needs. */
export async function sweep(needs: EngineNeeds, signal: AbortSignal): Promise<number> {
  const busy = new Set<Fingerprint>()
  let changed = 0
  while (!signal.aborted) {
    const due = await needs.slots.due(needs.clock(), BATCH + busy.size)
    const fresh = due.filter(({ fingerprint }) => !busy.has(fingerprint))
    if (fresh.length === 0) return changed
    for (const record of fresh) {
      if (await sweepSlot(record, needs)) changed += 1
      else busy.add(record.fingerprint)
    }
  }
  return changed
}

/** Resolves to `false` when the slot is in use: then it is not abandoned. */
async function sweepSlot(seen: SlotRecord, needs: EngineNeeds): Promise<boolean> {
  if (needs.leases.isHeld(seen.fingerprint)) return false
  using _lease = await leaseForUpkeep(seen.fingerprint, needs)
  const record = await needs.slots.find(seen.fingerprint)
  if (record === undefined) return true
  if (isForgotten(record, contextOf(needs))) return await forget(record, needs)
  return await applyDue(record, needs)
}

async function applyDue(record: SlotRecord, needs: EngineNeeds): Promise<boolean> {
  const tenure = tenureOf(record, needs)
  // The new lease keeps a request of another process from going on with what is ended here.
  if (!(await tenure.apply({ type: 'due', lease: nextLease(record, needs) }))) return false
  const after = tenure.record()
  if (record.state === 'published' && after.state === 'spent') {
    await needs.blobs.removeFile(record.id)
    needs.events.fileRemoved(record, 'expired')
  }
  const released = releasedParts(record, after)
  for (const upload of record.uploads) {
    if (released.includes(upload.id)) needs.events.abandoned(after, upload, 'expired')
  }
  const isRemembered = (upload: UploadRecord): boolean =>
    after.uploads.some(({ id }) => id === upload.id)
  for (const upload of record.uploads) {
    if (!isRemembered(upload)) await dropUnclaimed(upload, needs)
  }
  return !isForgotten(after, contextOf(needs)) || (await forget(after, needs))
}

async function forget(
  { fingerprint, lease, uploads }: SlotRecord,
  needs: EngineNeeds,
): Promise<boolean> {
  if (!(await needs.slots.remove(fingerprint, lease))) return false
  for (const upload of uploads) await dropUnclaimed(upload, needs)
  return true
}

/** The part of an upload that was given away and never arrived belongs to nobody. */
async function dropUnclaimed(
  { id, adoptedBy }: UploadRecord,
  { slots, blobs }: EngineNeeds,
): Promise<void> {
  if (adoptedBy === undefined) return
  const heir = await slots.find(adoptedBy)
  const isClaimed = heir?.uploads.some((upload) => upload.id === id && isHolding(upload))
  if (isClaimed !== true) await blobs.removePart(id)
}

/** Removes a published file for good. Resolves to whether there was one. */
export async function removeFile(
  slot: Fingerprint,
  why: RemovalReason,
  needs: EngineNeeds,
): Promise<boolean> {
  // Looked at first: asking for the lease would end an upload that is under way.
  if ((await needs.slots.find(slot))?.state !== 'published') return false
  using _lease = await leaseForUpkeep(slot, needs)
  const record = await needs.slots.find(slot)
  if (record?.state !== 'published') return false
  const tenure = tenureOf(record, needs)
  if (!(await tenure.apply({ type: 'file-removed', lease: nextLease(record, needs) }))) return false
  await needs.blobs.removeFile(record.id)
  needs.events.fileRemoved(record, why)
  return true
}

const NEVER = new AbortController().signal

/** The lease for work of our own, which is short: nobody is asked to wait for long. */
async function leaseForUpkeep(slot: Fingerprint, { leases }: EngineNeeds): Promise<Disposable> {
  const lease = await leases.acquire(slot, { release: () => undefined, signal: NEVER })
  return lease === 'superseded' ? { [Symbol.dispose]: () => undefined } : lease
}
