import { Refusal } from '../../core/refusals.ts'
import { type Fingerprint, isFingerprint } from '../../core/slot-path.ts'
import { type SessionRecord, isSessionRecord } from '../../sessions/session-record.ts'
import {
  isReserving,
  isSlotRecord,
  type LeaseToken,
  type SlotRecord,
} from '../../engine/slot-record.ts'

/** The lease as the scripts compare it. */
export function leaseText({ epoch, id }: LeaseToken): string {
  return `${epoch}/${id}`
}

/** The owner as it stands in keys and texts, where it must not hold a space. */
export function ownerText(owner: string): string {
  return Buffer.from(owner).toString('base64url')
}

/** The record as the scripts store it. */
export function recordText(record: SlotRecord): string {
  const size = isReserving(record) ? record.size : '-'
  const head = `${leaseText(record.lease)} ${size} ${ownerText(record.owner)}`
  return `${head}\n${JSON.stringify(record)}`
}

/** Reads what `recordText` wrote; nothing if nothing was stored. Else the state is damaged: `state-unavailable`. */
export function parseRecordText(text: unknown): SlotRecord | undefined {
  if (text === null) return undefined
  const record = typeof text === 'string' ? parseJson(text.slice(text.indexOf('\n'))) : undefined
  if (!isSlotRecord(record)) throw damaged('record')
  return record
}

/** Reads a fingerprint that was stored; as {@link parseRecordText}. */
export function parseFingerprint(text: unknown): Fingerprint {
  if (!isFingerprint(text)) throw damaged('fingerprint')
  return text
}

/** Reads what JSON.stringify made of a session; as {@link parseRecordText}. */
export function parseSessionText(text: unknown): SessionRecord | undefined {
  if (text === null) return undefined
  const session = typeof text === 'string' ? parseJson(text) : undefined
  if (!isSessionRecord(session)) throw damaged('session')
  return session
}

/** Reads a list of texts that a command answered; as {@link parseRecordText}. */
export function parseTexts(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) throw damaged('list')
  return answer.map(String)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged('record', cause)
  }
}

function damaged(what: string, cause?: unknown): Refusal {
  return new Refusal('state-unavailable', { why: `damaged ${what}` }, { cause })
}
