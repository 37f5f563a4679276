import type { Instant } from '../core/clock.ts'
import type { PublishedFile } from './engine.ts'
import { Refusal } from '../core/refusals.ts'
import type { EngineNeeds } from './needs.ts'
import type { PartWriter, Publication } from './ports.ts'
import type { SlotRecord, UploadRecord } from './slot-record.ts'
import { type Tenure, giveUp } from './tenure.ts'

/**
 * Turns a complete part into the slot's file: sync, the file's name, sync of the folder, commit; only then
 * may anybody be told. Resolves to nothing if somebody newer holds the slot.
 */
export async function publish(
  tenure: Tenure,
  { upload, writer }: { upload: UploadRecord; writer: PartWriter },
  needs: EngineNeeds,
): Promise<PublishedFile | undefined> {
  const sync = needs.policy().fsync !== 'never'
  if (sync) await writer.sync()
  const { id } = tenure.record()
  // A slot that no store knows of yet got its id in this process: no file has it, and nobody resumes the part.
  const outcome = needs.blobs.publish(upload.id, id, { sync, isFresh: !tenure.isStored() })
  if (outcome !== 'published' && !(await isLinked(outcome, { part: upload.id, file: id }, needs)))
    return await lost({ tenure, upload }, needs)
  if (await tenure.apply({ type: 'published', upload: upload.id }))
    return publishedFile(tenure.record())
  // Another process was first to store the slot: its file has another name, ours is nobody's.
  if (!tenure.isStored()) await needs.blobs.removeFile(id)
  return undefined
}

/**
 * A file that is there although its slot is unpublished was linked by a holder whose commit
 * failed; as the lease is ours now, it never will be committed, and nobody was told of it.
 * Resolves to `false` if the part is gone.
 */
async function isLinked(
  first: Publication | Promise<Publication>,
  { part, file }: { readonly part: string; readonly file: string },
  { blobs, policy }: EngineNeeds,
): Promise<boolean> {
  let outcome = await first
  if (outcome === 'exists') {
    await blobs.removeFile(file)
    outcome = await blobs.publish(part, file, { sync: policy().fsync !== 'never' })
  }
  if (outcome !== 'exists') return outcome === 'published'
  throw new Refusal('state-unavailable', { why: 'another process publishes the same slot' })
}

/** The part of a holder that was overtaken is removed; anybody else's must not be. */
async function lost(
  losing: { tenure: Tenure; upload: UploadRecord },
  needs: EngineNeeds,
): Promise<undefined> {
  if (!(await giveUp(losing, 'lost', needs))) return undefined
  throw new Refusal('state-unavailable', { why: 'the part file is gone' })
}

/** What a reader needs to know of a published slot; nothing if it is not published. */
export function publishedFile(record: SlotRecord): PublishedFile | undefined {
  const { id, path, size, contentType, publishedAt, fileExpiresAt } = record
  if (record.state !== 'published' || path === '' || publishedAt === undefined) return undefined
  const expiry = fileExpiresAt === undefined ? {} : { expiresAt: fileExpiresAt }
  return { id, path, size, contentType, publishedAt, ...expiry }
}

/** The slot's file, as long as it has not expired: retention may be late with its removal. */
export function servable(record: SlotRecord, now: Instant): PublishedFile | undefined {
  const file = publishedFile(record)
  return (file?.expiresAt ?? Infinity) <= now ? undefined : file
}
