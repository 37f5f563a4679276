import { Refusal } from '../../core/refusals.ts'
import type { Fingerprint } from '../../core/slot-path.ts'
import type { SlotRecord } from '../../engine/slot-record.ts'
import type { SessionRecord } from '../../sessions/session-record.ts'

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

function isSlotRecord(value: unknown): value is SlotRecord {
  return (
    isObject(value) &&
    isFingerprint(value['fingerprint']) &&
    typeof value['id'] === 'string' &&
    typeof value['owner'] === 'string' &&
    typeof value['size'] === 'number' &&
    isObject(value['lease']) &&
    Array.isArray(value['uploads'])
  )
}

function isSessionRecord(value: unknown): value is SessionRecord {
  return (
    isObject(value) &&
    typeof value['key'] === 'string' &&
    typeof value['openedAt'] === 'number' &&
    typeof value['lastActiveAt'] === 'number' &&
    Array.isArray(value['networks']) &&
    Array.isArray(value['uploads'])
  )
}

function isFingerprint(value: unknown): value is Fingerprint {
  return typeof value === 'string' && value !== ''
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
