import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import type { Activities, Activity } from './activity.ts'
import { committer } from './committing.ts'
import { type Digesting, digestsOf } from './digesting.ts'
import type { Cut, Delivery, Progress, Published, PublishedFile } from './engine.ts'
import type { Abandonment } from './events.ts'
import type { EngineNeeds } from './needs.ts'
import { COMMIT_BYTES } from './policy.ts'
import type { PartWriter } from './ports.ts'
import { publish } from './publishing.ts'
import { receive } from './receiving.ts'
import type { SlotRecord, UploadRecord } from './slot-record.ts'
import { type Holder, type Tenure, giveUp } from './tenure.ts'
import { deadline } from './transitions.ts'

/** One body on its way into one upload, with the right to write. */
export interface Writing extends Delivery {
  readonly tenure: Tenure
  readonly holder: Holder
  readonly upload: UploadRecord
  readonly writer: PartWriter
}

/** A body that is on its way now. */
interface Underway extends Writing {
  readonly doing: Activity
}

export const CUT: Cut = { kind: 'cut' }

/** Receives the body, then publishes the file or keeps what came. */
export async function write(
  writing: Writing,
  needs: EngineNeeds,
  activity: Activities,
): Promise<Published | Progress | Cut> {
  const { tenure, holder, upload, writer, body, completes } = writing
  const record = tenure.record()
  const { client } = holder
  const known = { client, face: upload.face, record: tenure.record, holder }
  const doing: Activity =
    upload.resource === undefined ? known : { ...known, pause: () => holder.release() }
  const underway: Underway = { ...writing, doing }
  const place = activity.begin(record.fingerprint, doing)
  try {
    const found = digestsOf(writing, needs.blobs)
    const digests = found instanceof Promise ? await found : found
    if (digests === undefined || holder.isOver()) return await interrupted(underway, needs)
    const commits = committer({
      writer,
      commit: async () => await keepOn(underway, digests, needs),
      commitBytes: commitBytes(writing, needs),
      store: async () => await advance(underway, upload.durable),
      isStored: tenure.isStored,
      clock: needs.clock,
    })
    doing.commits = commits
    const ending = await receive({
      writer,
      body,
      limit: record.size,
      onBytes: (batch) => {
        doing.lastByteAt = needs.clock()
        digests.update(batch)
      },
      onLastByte: () => {
        if (completes) holder.settle()
      },
      onEnd: () => holder.arrived(),
      commits,
    })
    if (ending === 'cut') return await interrupted(underway, needs)
    digests.checkBody()
    if (!completes || writer.length < record.size) return await kept(underway, needs)
    const told = digests.checkFile()
    const file = await publish(tenure, { upload, writer }, needs)
    if (file === undefined) return CUT
    tell(writing, file, { needs, activity })
    return told === undefined
      ? { kind: 'published', file }
      : { kind: 'published', file, digests: told }
  } catch (error) {
    const why = endBy(error)
    if (why !== undefined) await giveUp(writing, why, needs)
    throw error
  } finally {
    // By hand, because every upload passes.
    place[Symbol.dispose]()
  }
}

/** Why the upload can't go on after that; nothing if it can. */
function endBy(error: unknown): Abandonment | undefined {
  if (!(error instanceof Refusal)) return undefined
  if (error.code === 'disk-full') return 'disk-full'
  if (error.code === 'size-mismatch') return 'too-long'
  const isWrong = error.code === 'digest-mismatch' && error.facts['of'] === 'file'
  return isWrong ? 'wrong-digest' : undefined
}

/** Tells everybody of a file that was published. */
function tell(
  { tenure, upload }: Writing,
  file: PublishedFile,
  { needs, activity }: { readonly needs: EngineNeeds; readonly activity: Activities },
): void {
  const record = tenure.record()
  activity.announce(record.fingerprint, file)
  needs.notices?.announce(record.fingerprint)
  needs.events.published(record, upload, (file.publishedAt - upload.createdAt) / 1000)
}

/** What came stays, for whoever goes on; a request whose place another body took leaves no trace. */
async function interrupted(underway: Underway, needs: EngineNeeds): Promise<Cut> {
  const { tenure, holder, upload, writer, doing } = underway
  const { face, resource } = upload
  const isResumable = resource !== undefined || face === 'range' || doing.isWanted === true
  const isReachable = !holder.isReleased() || isResumable
  // Of a new slot it is kept that it was opened, if nothing else.
  const isNews = writer.length > upload.durable || !tenure.isStored()
  if (isReachable && isNews) await commit(underway, needs)
  // Who took its place in this process tells of both.
  if (holder.isReleased() && doing.isEndedHere !== true) {
    needs.events.takenElsewhere(tenure.record(), {
      from: holder.client,
      face,
      network: needs.networkName(holder.client),
      rivalNetwork: holder.rivalNetwork(),
    })
  }
  needs.events.interrupted(tenure.record(), upload, writer.length)
  return CUT
}

async function kept(underway: Underway, needs: EngineNeeds): Promise<Progress | Cut> {
  if (!(await commit(underway, needs, 'rests'))) return CUT
  return progressOf(underway, needs)
}

/** Where the upload stands whose bytes so far are kept. */
export function progressOf(
  { tenure, upload }: Pick<Writing, 'tenure' | 'upload'>,
  { policy }: EngineNeeds,
): Progress {
  const record = tenure.record()
  const current = record.uploads.find(({ id }) => id === upload.id) ?? upload
  const { durable: offset } = current
  return { kind: 'progress', offset, size: record.size, expiresAt: deadline(current, policy()) }
}

/** Tells of a request that took the place of the one that was writing to the slot. */
export function noteTakeover(
  rival: Activity,
  { slot, client }: { readonly slot: SlotRecord | undefined; readonly client: ClientAddress },
  { events }: EngineNeeds,
): void {
  events.takenOver(slot ?? rival.record(), { from: rival.client, to: client, face: rival.face })
}

/** Tells of an upload that goes on although its latest request was cut. */
export function noteResumption(
  { tenure, upload, holder }: Pick<Writing, 'tenure' | 'upload' | 'holder'>,
  { events }: EngineNeeds,
): void {
  if (upload.durable === 0 || upload.isAtRest === true) return
  events.resumed(tenure.record(), upload, holder.client)
}

/** Who can come back to an upload gains by every byte that is kept; of others enough is. */
function commitBytes({ upload }: Writing, { policy }: EngineNeeds): number {
  return upload.resource === undefined ? COMMIT_BYTES : Math.min(COMMIT_BYTES, policy().chunkSize)
}

/** Keeps what came so far and tells of it, unless the digest of the body is still to be checked. */
async function keepOn(underway: Underway, digests: Digesting, needs: EngineNeeds): Promise<void> {
  if (digests.holdsBack || !(await commit(underway, needs))) return
  underway.onKept?.(progressOf(underway, needs))
}

/** Makes the bytes written so far durable. Resolves to `false` when somebody newer holds the slot. */
async function commit(
  underway: Underway,
  { policy }: EngineNeeds,
  sender?: 'rests',
): Promise<boolean> {
  const { writer } = underway
  const durable = writer.length
  if (policy().fsync === 'ack') await writer.sync()
  return await advance(underway, durable, sender)
}

/** Stores how far the upload is kept. Resolves to `false`, its sender cut, when somebody newer holds the slot. */
async function advance(
  { tenure, upload, body, doing: { lastByteAt } }: Underway,
  durable: number,
  sender?: 'rests',
): Promise<boolean> {
  const event = { type: 'advanced', upload: upload.id, durable, lastByteAt } as const
  const isKept = await tenure.apply(sender === 'rests' ? { ...event, rests: true } : event)
  if (!isKept) body.cut()
  return isKept
}
