import type { ByteSource } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities, Activity } from './activity.ts'
import type { Cut, Progress, Published } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import type { PartWriter } from './ports.ts'
import { publish } from './publishing.ts'
import { receive } from './receiving.ts'
import type { UploadRecord } from './slot-record.ts'
import type { Holder, Tenure } from './tenure.ts'

/** One body on its way into one upload, with the right to write. */
export interface Writing {
  readonly tenure: Tenure
  readonly holder: Holder
  readonly upload: UploadRecord
  readonly writer: PartWriter
  readonly body: ByteSource
  /** Whether a full upload is published. */
  readonly completes: boolean
}

export const CUT: Cut = { kind: 'cut' }

/** Receives the body, then publishes the file or keeps what came. */
export async function write(
  writing: Writing,
  needs: EngineNeeds,
  activity: Activities,
): Promise<Published | Progress | Cut> {
  const { tenure, holder, writer, body, completes } = writing
  const record = tenure.record()
  const doing: Activity = { client: holder.client, record: tenure.record }
  using _activity = activity.begin(record.fingerprint, doing)
  try {
    const ending = await receive({
      writer,
      body,
      limit: record.size,
      onBytes: () => {
        doing.lastByteAt = needs.clock()
      },
      onLastByte: () => {
        if (completes) holder.settle()
      },
      commit: async () => await commit(writing, needs),
      clock: needs.clock,
    })
    if (ending === 'cut') return await interrupted(writing, needs, doing)
    if (!completes || writer.length < record.size) return await kept(writing, needs)
    return await finished(writing, needs, activity)
  } catch (error) {
    if (error instanceof Refusal && ['disk-full', 'size-mismatch'].includes(error.code)) {
      await tenure.apply({ type: 'aborted', upload: writing.upload.id })
    }
    throw error
  }
}

async function finished(
  writing: Writing,
  needs: EngineNeeds,
  activity: Activities,
): Promise<Published | Cut> {
  const { tenure, upload, writer } = writing
  const file = await publish(tenure, { upload: upload.id, writer }, needs)
  if (file === undefined) return CUT
  const { fingerprint } = tenure.record()
  activity.announce(fingerprint, file)
  needs.events.published(tenure.record(), upload, (file.publishedAt - upload.createdAt) / 1000)
  return { kind: 'published', file }
}

/** What came stays, for whoever goes on; a request whose place another body took leaves no trace. */
async function interrupted(writing: Writing, needs: EngineNeeds, doing: Activity): Promise<Cut> {
  const { tenure, holder, upload, writer } = writing
  const { face, resource } = upload
  const isResumable = resource !== undefined || face === 'range' || doing.isWanted === true
  const isReachable = !holder.isReleased() || isResumable
  // Of a new slot it is kept that it was opened, if nothing else.
  const isNews = writer.length > upload.durable || !tenure.isStored()
  if (isReachable && isNews) await commit(writing, needs)
  needs.events.interrupted(tenure.record(), upload, writer.length)
  return CUT
}

async function kept(writing: Writing, needs: EngineNeeds): Promise<Progress | Cut> {
  if (!(await commit(writing, needs))) return CUT
  return { kind: 'progress', offset: writing.writer.length }
}

/** Makes the bytes written so far durable. Resolves to `false` when somebody newer holds the slot. */
async function commit(
  { tenure, upload, writer, body }: Writing,
  { policy }: EngineNeeds,
): Promise<boolean> {
  const durable = writer.length
  if (policy().fsync === 'ack') await writer.sync()
  if (await tenure.apply({ type: 'advanced', upload: upload.id, durable })) return true
  body.cut()
  return false
}
