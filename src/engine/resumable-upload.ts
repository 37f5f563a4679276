import { Refusal } from '../core/refusals.ts'
import type { Activities } from './activity.ts'
import { admit, claimPath, judge } from './admission.ts'
import type {
  AppendRequest,
  CreateRequest,
  Cut,
  Engine,
  Progress,
  Published,
  UploadStatus,
} from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { begin } from './generation.ts'
import { publishedFile } from './publishing.ts'
import { type Asking, holdResource } from './resource-hold.ts'
import type { SlotRecord } from './slot-record.ts'
import { type Tenure, acquireLease, holderOf } from './tenure.ts'
import { CUT, write } from './writing.ts'

/** Uploads that a client can come back to by their resource. */
export function resumableUploads(
  needs: EngineParts,
  activity: Activities,
): Pick<Engine, 'create' | 'append' | 'status' | 'abort'> {
  return { create, append, status, abort }

  async function create(request: CreateRequest): Promise<Progress | Published | Cut> {
    const { grant, client, face, resource } = request
    await claimPath(grant, needs)
    for (;;) {
      const seen = await needs.slots.find(grant.fingerprint)
      judge(seen ?? activity.find(grant.fingerprint)?.record(), grant, needs)
      const holder = holderOf(client)
      const lease = await acquireLease(grant.fingerprint, holder, needs)
      if (lease === 'superseded') return CUT
      using _lease = lease
      const record = await needs.slots.find(grant.fingerprint)
      judge(record, grant, needs)
      const file = record === undefined ? undefined : publishedFile(record)
      if (file !== undefined) return { kind: 'published', file }
      using share = await admit(record, request, needs)
      const tenure = await begin(record, { request, holder, face, resource, share }, needs)
      if (tenure === undefined) continue
      return await started(tenure)
    }
  }

  /** The part is made before the client is told of the upload, so that it can always go on. */
  async function started(tenure: Tenure): Promise<Progress | Cut> {
    const upload = tenure.record().uploads.at(-1)
    if (upload === undefined) return CUT
    await using _writer = await needs.blobs.create(upload.id)
    const isKept = await tenure.apply({ type: 'advanced', upload: upload.id, durable: 0 })
    return isKept ? { kind: 'progress', offset: 0 } : CUT
  }

  async function append(request: AppendRequest): Promise<Progress | Published | Cut> {
    const held = await holdResource(request, needs)
    if (held === undefined) return CUT
    using _held = held
    const { tenure, upload, holder } = held
    if (upload.state === 'complete') return completed(tenure.record())
    if (upload.durable !== request.offset) {
      throw new Refusal('offset-mismatch', { expected: upload.durable })
    }
    await using writer = await needs.blobs.resume(upload.id, upload.durable)
    const { body, completes } = request
    return await write({ tenure, holder, upload, writer, body, completes }, needs, activity)
  }

  async function status(asking: Asking): Promise<UploadStatus | Cut> {
    const held = await holdResource(asking, needs)
    if (held === undefined) return CUT
    using _held = held
    const { size } = held.tenure.record()
    const isComplete = held.upload.state === 'complete'
    return { kind: 'status', offset: held.upload.durable, size, isComplete }
  }

  async function abort(asking: Asking): Promise<void> {
    const held = await holdResource(asking, needs)
    if (held === undefined) return
    using _held = held
    if (held.upload.state !== 'receiving') return
    await held.tenure.apply({ type: 'aborted', upload: held.upload.id })
  }
}

function completed(record: SlotRecord): Published {
  const file = publishedFile(record)
  if (file === undefined) throw new Refusal('upload-gone')
  return { kind: 'published', file }
}
