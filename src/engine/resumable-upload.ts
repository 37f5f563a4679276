import type { ByteSource } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities } from './activity.ts'
import { digestOf } from './digesting.ts'
import type {
  AppendRequest,
  Cut,
  Delivery,
  Engine,
  Progress,
  Published,
  StatusRequest,
  UploadStatus,
} from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import type { EngineNeeds } from './needs.ts'
import { servable } from './publishing.ts'
import { type Asking, type Held, holdResource } from './resource-hold.ts'
import { giveUp } from './tenure.ts'
import { CUT, noteResumption, progressOf, write } from './writing.ts'

/** Uploads that a client can come back to by their resource. */
export function resumableUploads(
  needs: EngineParts,
  activity: Activities,
): Pick<Engine, 'append' | 'status' | 'abort'> {
  return { append, status, abort }

  async function append(request: AppendRequest): Promise<Progress | Published | Cut> {
    const held = await hold(request)
    if (held === undefined) return CUT
    using _held = held
    if (held.upload.state === 'complete') return await replay(held, request, needs)
    if (held.upload.durable !== request.offset) {
      throw new Refusal('offset-mismatch', { expected: held.upload.durable })
    }
    await checkLength(held, request, needs)
    noteResumption(held, needs)
    return await goOn(held, request)
  }

  async function goOn(held: Held, delivery: Delivery): Promise<Progress | Published | Cut> {
    const { tenure, upload, holder } = held
    const { body, completes, digests = {}, onKept } = delivery
    await using writer = await needs.blobs.resume(upload.id, upload.durable)
    const writing = { tenure, holder, upload, writer, body, completes, digests }
    const telling = onKept === undefined ? writing : { ...writing, onKept }
    return await write(telling, needs, activity)
  }

  async function status(request: StatusRequest): Promise<UploadStatus | Cut> {
    const held = await hold(request)
    if (held === undefined) return CUT
    using _held = held
    const { tenure, upload } = held
    const isFull = upload.state === 'receiving' && upload.durable === tenure.record().size
    if (isFull && request.completes === true) {
      const outcome = await goOn(held, { body: NOTHING, completes: true })
      if (outcome.kind === 'cut') return CUT
    }
    return statusOf(held, needs)
  }

  async function abort(asking: Asking): Promise<void> {
    const held = await hold(asking)
    if (held === undefined) return
    using _held = held
    if (held.upload.state === 'receiving') await giveUp(held, 'requested', needs)
  }

  async function hold(asking: Asking): Promise<Held | undefined> {
    return await holdResource(asking, needs, activity)
  }
}

const NOTHING: ByteSource = { pump: () => Promise.resolve('end'), cut: () => {} }

/**
 * The length that a client says must be the slot's. A wrong word ends nothing; a body that goes beyond
 * the end makes the upload invalid, whatever is said of it.
 * (draft-ietf-httpbis-resumable-upload-11 §4.1.3, §4.4.2)
 */
async function checkLength(
  held: Held,
  { length, end, completes }: Pick<AppendRequest, 'length' | 'end' | 'completes'>,
  needs: EngineNeeds,
): Promise<void> {
  const { tenure, upload } = held
  const { size } = tenure.record()
  if (end !== undefined && end > size) {
    await giveUp(held, 'too-long', needs)
    throw new Refusal('length-inconsistent', { end, size })
  }
  const said = [length, completes ? end : undefined].filter((each) => each !== undefined)
  const wrong = said.find((each) => each !== size)
  if (wrong !== undefined) throw new Refusal('length-inconsistent', { length: wrong, size })
  if (said.length > 0 && upload.isLengthDeferred === true) {
    await tenure.apply({ type: 'length-said', upload: upload.id })
  }
}

/**
 * The client lost the last answer: it is given again to whoever has nothing more to send. Browsers repeat a request
 * by themselves when a kept connection breaks, so one for an earlier offset is told where the upload stands.
 */
async function replay(
  { tenure, holder }: Held,
  { offset, length = offset, end = offset, completes, digests }: AppendRequest,
  { blobs, clock }: EngineNeeds,
): Promise<Published | Cut> {
  const record = tenure.record()
  if (offset !== record.size)
    throw new Refusal('offset-mismatch', { expected: record.size, of: 'complete' })
  const isSame = completes && length === record.size && end === record.size
  if (!isSame) throw new Refusal('upload-complete')
  const file = servable(record, clock())
  if (file === undefined) throw new Refusal('upload-gone')
  const wanted = digests?.wanted
  if (wanted === undefined) return { kind: 'published', file }
  const request = { algorithm: wanted, signal: holder.untilOver() }
  const told = await digestOf(file, request, blobs)
  return told === undefined ? CUT : { kind: 'published', file, digests: told }
}

function statusOf(held: Held, needs: EngineNeeds): UploadStatus {
  const { size, uploads } = held.tenure.record()
  const upload = uploads.find(({ id }) => id === held.upload.id) ?? held.upload
  const { metadata, isLengthDeferred } = upload
  const isComplete = upload.state === 'complete'
  const { offset, expiresAt } = progressOf(held, needs)
  return {
    kind: 'status',
    offset,
    size,
    isComplete,
    ...(metadata === undefined ? {} : { metadata }),
    ...(isLengthDeferred === undefined ? {} : { isLengthDeferred }),
    ...(isComplete || expiresAt === undefined ? {} : { expiresAt }),
  }
}
