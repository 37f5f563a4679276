import type { ByteSource } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import { compare } from './comparing.ts'
import type { Cut, Published, PublishedFile } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import type { Passed } from './passage.ts'
import { publishedFile } from './publishing.ts'
import type { SlotRecord } from './slot-record.ts'
import { bindAnew } from './tenure.ts'
import { CUT } from './writing.ts'

/** A slot that has its file, and what was let pass of it. */
export interface Repeated {
  readonly record: SlotRecord
  readonly passed: Passed | undefined
}

interface Sent {
  readonly body: ByteSource
  /** Where the body begins; absent: at the file's first byte. */
  readonly offset?: number
}

/**
 * The client lost our answer, or sends something else to a slot that has its file; without a body it only asks.
 * `stale` when the slot was to be bound anew and changed before it was. Refuses (`slot-conflict`) other bytes.
 */
export async function repeat(
  { record, passed }: Repeated,
  sent: Sent | undefined,
  needs: EngineNeeds,
): Promise<Published | Cut | 'stale'> {
  const file = publishedFile(record)
  if (file === undefined) return CUT
  const session = passed?.rebinds
  if (session !== undefined && !(await bindAnew(record, session, needs))) return 'stale'
  if (sent === undefined) return { kind: 'published', file }
  return (await isSame(record, { ...sent, file }, needs)) ? { kind: 'published', file } : CUT
}

/** Resolves to `false` when the body was cut before it could be told. */
async function isSame(
  record: SlotRecord,
  { file, body, offset: start = 0 }: Sent & { readonly file: PublishedFile },
  { blobs, events }: EngineNeeds,
): Promise<boolean> {
  try {
    if ((await compare(body, { ...file, start }, blobs)) === 'cut') return false
  } catch (error) {
    if (error instanceof Refusal && error.code === 'slot-conflict') {
      events.repeated(record, 'different')
    }
    throw error
  }
  events.repeated(record, 'same')
  return true
}
