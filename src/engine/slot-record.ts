import type { Instant } from '../core/clock.ts'
import type { Digests } from '../core/digests.ts'
import type { Scheme } from '../core/grant.ts'
import { isJsonObject } from '../core/json-object.ts'
import { type Fingerprint, type SlotPath, isFingerprint } from '../core/slot-path.ts'

/** The right to write to a slot's record: a commit compares both parts. */
export interface LeaseToken {
  /** Grows by one with every holder. */
  readonly epoch: number
  /** 128 random bits, so that a store that lost its last writes can't grant an epoch twice. */
  readonly id: string
}

/** A wire protocol over the upload. */
export type Face = 'plain' | 'rufh' | 'tus' | 'range'

/** `adopted`: another slot's record refers to the part now, and this one never again. */
export type UploadState = 'receiving' | 'complete' | 'aborted' | 'expired' | 'adopted'

/** One generation of an upload: its own part file, never mixed with another's. */
export interface UploadRecord {
  /** 128 random bits; names the part file. Never told to a client. */
  readonly id: string
  /** 1 for the slot's first PUT, and so on. */
  readonly generation: number
  readonly state: UploadState
  /** Bytes covered by a sync and this commit; the only offset ever told to a client. */
  readonly durable: number
  readonly createdAt: Instant
  /** When the last byte came; absent while none has. */
  readonly lastByteAt?: Instant
  readonly face: Face
  /** SHA-256 of the upload resource's id, where one was told to the client. */
  readonly resource?: string
  /** What the client wrote about its file when it created the upload, to be given back as it came. */
  readonly metadata?: string
  /** Mark of the credential that it was created with: requests for it may show no other. */
  readonly credential?: string
  /** What the client says of the whole file's digests. */
  readonly digests?: Digests
  /** The latest request with bytes for it ended as its sender meant: the next one is no resumption. */
  readonly isAtRest?: true
  /** The client has not said yet how long its file is; it can only be as long as the slot. */
  readonly isLengthDeferred?: true
  /** The client learns its resource with the answer to the first bytes only, which it has not had. */
  readonly isUntold?: true
  /** The slot whose upload goes on with the part of this one. */
  readonly adoptedBy?: Fingerprint
}

/** What a client says of an upload when it creates it, beside the bytes. */
export type UploadDescription = Pick<
  UploadRecord,
  'metadata' | 'isLengthDeferred' | 'isUntold' | 'credential' | 'digests'
>

/** What is known of a slot: the unit that stores read and replace as a whole. JSON-safe. */
export interface SlotRecord {
  readonly fingerprint: Fingerprint
  /** 128 random bits; names the published file and is its ETag. */
  readonly id: string
  /** Empty once the slot is spent: then only the fingerprint is kept. */
  readonly path: SlotPath | ''
  readonly scheme: Scheme
  readonly user?: string
  /** Stored name of the session that it is bound to: a bound slot never becomes unbound. */
  readonly session?: string
  /** Whom its reservation counts for. */
  readonly owner: string
  /**
   * Where its first request came from: a network's prefix, or a keyed hash of it where addresses must
   * not be stored. Empty once the slot is spent.
   */
  readonly network: string
  readonly size: number
  readonly contentType: string
  /** `open`: no file yet · `published`: readable · `spent`: had a file, which is gone. */
  readonly state: 'open' | 'published' | 'spent'
  readonly openedAt: Instant
  /** How often an expired grant was accepted once more. */
  readonly recoveries?: number
  /** Until then expired grants are accepted without being counted again. */
  readonly reopenedUntil?: Instant
  readonly grantExpiresAt?: Instant
  readonly publishedAt?: Instant
  /** When the published file is removed. Absent: never. */
  readonly fileExpiresAt?: Instant
  readonly lease: LeaseToken
  /** At most two live generations (`receiving`), newest last, and their tombstones. */
  readonly uploads: readonly UploadRecord[]
  /** When retention must look at the record again. Absent: never. */
  readonly dueAt?: Instant
}

/**
 * Whether a value that a store parsed is a record that this program wrote. Its form is looked at, not
 * every field: what is found out is a damaged store, not a forged one.
 */
export function isSlotRecord(value: unknown): value is SlotRecord {
  return (
    isJsonObject(value) &&
    isFingerprint(value['fingerprint']) &&
    typeof value['id'] === 'string' &&
    typeof value['owner'] === 'string' &&
    typeof value['size'] === 'number' &&
    isJsonObject(value['lease']) &&
    Array.isArray(value['uploads'])
  )
}

/** Whether the upload's part must not be removed: it is written to, or was given away. */
export function isHolding({ state }: UploadRecord): boolean {
  return state === 'receiving' || state === 'adopted'
}

/** Whether a client may come back to the upload by its resource. */
export function isTold({ resource, isUntold }: UploadRecord): boolean {
  return resource !== undefined && isUntold !== true
}

/** Whether the slot counts as an open upload of its owner. */
export function isReserving(record: SlotRecord): boolean {
  return record.state === 'open' && record.uploads.some((upload) => upload.state === 'receiving')
}

/** When the latest byte of any of the slot's uploads came; 0 while none has. */
export function lastByteIn({ uploads }: Pick<SlotRecord, 'uploads'>): Instant {
  return uploads.reduce((latest, { lastByteAt = 0 }) => Math.max(latest, lastByteAt), 0)
}
