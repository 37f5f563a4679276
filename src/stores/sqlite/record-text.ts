import { Refusal } from '../../core/refusals.ts'
import { type Fingerprint, isFingerprint } from '../../core/slot-path.ts'
import { type SlotRecord, isSlotRecord } from '../../engine/slot-record.ts'
import { type SessionRecord, isSessionRecord } from '../../sessions/session-record.ts'

/** Reads a record that this program stored. Anything else means a damaged database: `state-unavailable`. */
export function parseRecord(text: unknown): SlotRecord {
  const record = parseJson(text)
  if (!isSlotRecord(record)) throw new Refusal('state-unavailable', { why: 'damaged record' })
  return record
}

/** Reads a session that this program stored; as {@link parseRecord}. */
export function parseSession(text: unknown): SessionRecord {
  const record = parseJson(text)
  if (!isSessionRecord(record)) throw new Refusal('state-unavailable', { why: 'damaged session' })
  return record
}

/** Reads a fingerprint that this program stored; as {@link parseRecord}. */
export function parseFingerprint(text: unknown): Fingerprint {
  if (!isFingerprint(text)) throw new Refusal('state-unavailable', { why: 'damaged fingerprint' })
  return text
}

function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Refusal('state-unavailable', { why: 'damaged record' }, { cause })
  }
}
