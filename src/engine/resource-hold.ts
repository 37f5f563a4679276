import { timingSafeEqual } from 'node:crypto'
import type { ByteSource } from '../core/bytes.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities } from './activity.ts'
import type { EngineNeeds } from './needs.ts'
import { type Passage, letPassWithoutGrant } from './passage.ts'
import type { SlotRecord, UploadRecord } from './slot-record.ts'
import { type Holder, type Tenure, acquireLease, holderOf, nextLease, tenureOf } from './tenure.ts'
import { noteTakeover } from './writing.ts'

/** Who asks for an upload by its resource. */
export interface Asking {
  readonly resource: string
  readonly client: ClientAddress
  readonly passage?: Passage | undefined
  readonly body?: ByteSource
  /** Mark of the credential shown; must be the one that the upload was created with. */
  readonly credential?: string
}

/** An upload found by its resource, with the right to write to its slot. */
export interface Held extends Disposable {
  readonly tenure: Tenure
  readonly upload: UploadRecord
  readonly holder: Holder
}

/**
 * Takes the writer's place on the slot of an upload; resolves to nothing when somebody newer was
 * quicker. Refusals: `not-found`, `upload-gone`, `grant-invalid`, `proof-required`, `upload-settling`.
 */
export async function holdResource(
  asking: Asking,
  needs: EngineNeeds,
  activity: Activities,
): Promise<Held | undefined> {
  const { passage } = asking
  const holder = holderOf(asking.client, asking.body)
  while (!holder.isReleased()) {
    const seen = await find(asking.resource, needs)
    // Judged before anybody is disturbed.
    checkCredential(uploadOf(seen, asking.resource), asking)
    const before = await letPassWithoutGrant(seen, passage)
    const rival = activity.rivalOf(seen.fingerprint)
    using stack = new DisposableStack()
    const lease = await acquireLease(seen.fingerprint, holder, needs)
    if (lease === 'superseded') break
    stack.use(lease)
    const record = await find(asking.resource, needs)
    const upload = uploadOf(record, asking.resource)
    const tenure = tenureOf(record, needs)
    const passed = await letPassWithoutGrant(record, passage, before)
    const rebinds = passed?.rebinds
    const isAsItIs = upload.state === 'complete' && rebinds === undefined
    if (isAsItIs || (await takePlace(tenure, rebinds, needs))) {
      needs.events.continued(tenure.record(), asking.client)
      if (rival !== undefined && upload.state === 'receiving') {
        noteTakeover(rival, { slot: record, client: asking.client }, needs)
      }
      const kept = stack.move()
      return { tenure, upload, holder, [Symbol.dispose]: () => kept.dispose() }
    }
  }
  asking.body?.cut()
  return undefined
}

/** Makes sure that no earlier holder can commit any more, in whatever process it runs. */
async function takePlace(
  tenure: Tenure,
  session: string | undefined,
  needs: EngineNeeds,
): Promise<boolean> {
  return await tenure.apply({ type: 'leased', lease: nextLease(tenure.record(), needs), session })
}

function checkCredential(upload: UploadRecord, { credential }: Asking): void {
  if (credential === undefined) return
  const [shown, known] = [Buffer.from(credential), Buffer.from(upload.credential ?? '')]
  const isSame = shown.length === known.length && timingSafeEqual(shown, known)
  if (!isSame) throw new Refusal('grant-invalid', { why: 'not the credential of the upload' })
}

async function find(resource: string, { slots }: EngineNeeds): Promise<SlotRecord> {
  const record = await slots.findByResource(resource)
  if (record === undefined) throw new Refusal('not-found')
  return record
}

/** The record's upload of that name; refuses when it is known and was given up. */
function uploadOf(record: SlotRecord, resource: string): UploadRecord {
  const upload = record.uploads.find((candidate) => candidate.resource === resource)
  if (upload === undefined) throw new Refusal('not-found')
  if (upload.state !== 'receiving' && upload.state !== 'complete') {
    throw new Refusal('upload-gone')
  }
  return upload
}
