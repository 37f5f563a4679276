import type { ByteSource } from '../core/bytes.ts'
import type { DeliveryDigests } from '../core/digests.ts'
import { Refusal } from '../core/refusals.ts'
import { compare } from './comparing.ts'
import { type Digesting, repeatedDigests } from './digesting.ts'
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

/** What comes for such a slot. */
export interface Sent {
  /** Absent: the request only asks. */
  readonly body?: ByteSource
  /** Where the body begins; absent: at the file's first byte. */
  readonly offset?: number
  readonly digests?: DeliveryDigests | undefined
}

/**
 * The client lost our answer, or sends something else to a slot that has its file; without a body it only asks.
 * `stale` when the slot was to be bound anew and changed before it was. Refuses other bytes (`slot-conflict`),
 * and the same with digests that are not theirs (`digest-mismatch`).
 */
export async function repeat(
  { record, passed }: Repeated,
  { body, offset, digests }: Sent,
  needs: EngineNeeds,
): Promise<Published | Cut | 'stale'> {
  const file = publishedFile(record)
  if (file === undefined) return CUT
  const session = passed?.rebinds
  if (session !== undefined && !(await bindAnew(record, session, needs))) return 'stale'
  const digesting = await repeatedDigests(file, digests, needs.blobs)
  if (body !== undefined) {
    const start = offset ?? 0
    if (!(await isSame(record, { file, start, body: noting(body, digesting) }, needs))) return CUT
    digesting.checkBody()
  }
  const told = digesting.checkFile()
  return { kind: 'published', file, ...(told === undefined ? {} : { digests: told }) }
}

/** The body, of whose bytes the digests are made as they pass. */
function noting(body: ByteSource, digesting: Digesting): ByteSource {
  return {
    pump: async (take) =>
      await body.pump((batch) => {
        digesting.update(batch)
        return take(batch)
      }),
    cut: () => body.cut(),
  }
}

/** Resolves to `false` when the body was cut before it could be told. */
async function isSame(
  record: SlotRecord,
  { file, body, start }: { file: PublishedFile; body: ByteSource; start: number },
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
