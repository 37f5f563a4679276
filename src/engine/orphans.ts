import { OperatorError } from '../core/operator-error.ts'
import type { Orphan } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import { type SlotRecord, type UploadRecord, isHolding } from './slot-record.ts'
import type { SlotStore, StoredBlob } from './ports.ts'

/** Bytes younger than this may belong to a request whose record is not stored yet. */
const MIN_AGE = 3_600_000

/** Names held at a time; every batch costs one pass over the records. */
const BATCH = 500_000

/** Finds, and unless it is a dry run removes, bytes that no record refers to. */
export async function collect(
  needs: EngineNeeds,
  options: { dryRun: boolean; signal: AbortSignal },
): Promise<readonly Orphan[]> {
  const orphans: Orphan[] = []
  let batch = new Map<string, StoredBlob>()
  for await (const blob of needs.blobs.list()) {
    options.signal.throwIfAborted()
    if (blob.modifiedAt > needs.clock() - MIN_AGE) continue
    batch.set(nameOf(blob), blob)
    if (batch.size < BATCH) continue
    orphans.push(...(await unknownOf(batch, needs)))
    batch = new Map()
  }
  orphans.push(...(await unknownOf(batch, needs)))
  await assertPlausible(orphans, needs)
  if (!options.dryRun) for (const orphan of orphans) await remove(orphan, needs)
  return orphans
}

/**
 * With the state of another storage, or none, every file looks like an orphan: where they
 * outnumber the files that are known, nothing may be removed.
 */
async function assertPlausible(orphans: readonly Orphan[], { slots }: EngineNeeds): Promise<void> {
  let surplus = orphans.filter(({ kind }) => kind === 'file').length
  if (surplus === 0) return
  for await (const { state } of slots.all()) {
    if (state === 'published') surplus -= 1
    if (surplus <= 0) return
  }
  throw new OperatorError(
    `${orphans.length} stored files and parts are unknown to the state, more than it knows: ` +
      'nothing is removed. Does session_store.path belong to storage.url?',
  )
}

async function unknownOf(
  batch: Map<string, StoredBlob>,
  { slots }: EngineNeeds,
): Promise<readonly Orphan[]> {
  if (batch.size === 0) return []
  for await (const record of slots.all()) {
    for (const name of namesOf(record)) batch.delete(name)
    for (const upload of record.uploads) {
      if (await awaitsHeir(upload, slots)) batch.delete(nameOf({ kind: 'part', key: upload.id }))
    }
  }
  return [...batch.values()].map(({ kind, key, size }) => ({ kind, key, size }))
}

function namesOf(record: SlotRecord): readonly string[] {
  const parts = record.uploads.filter((upload) => upload.state === 'receiving')
  const names = parts.map((upload) => nameOf({ kind: 'part', key: upload.id }))
  // An open slot may have its file linked already while the commit is on its way.
  return record.state === 'spent' ? names : [...names, nameOf({ kind: 'file', key: record.id })]
}

/** Whether the upload was given away and the slot that got it may still take its part. */
async function awaitsHeir(
  { id, adoptedBy }: UploadRecord,
  slots: Pick<SlotStore, 'find'>,
): Promise<boolean> {
  if (adoptedBy === undefined) return false
  const heir = await slots.find(adoptedBy)
  if (heir === undefined) return true
  const hasEnded = heir.uploads.some((upload) => upload.id === id && !isHolding(upload))
  return heir.state === 'open' && !hasEnded
}

function nameOf({ kind, key }: Pick<StoredBlob, 'kind' | 'key'>): string {
  return `${kind} ${key}`
}

async function remove({ kind, key }: Orphan, { blobs }: EngineNeeds): Promise<void> {
  if (kind === 'part') await blobs.removePart(key)
  else await blobs.removeFile(key)
}
