import type { ByteRange, ByteSource } from '../core/bytes.ts'
import type { Instant } from '../core/clock.ts'
import type { ClientAddress } from '../core/client-address.ts'
import type { Grant } from '../core/grant.ts'
import type { SlotPath } from '../core/slot-path.ts'
import type { TakePiece } from './ports.ts'

/** A published file, as a download needs it. */
export interface PublishedFile {
  /** Strong validator and name of the bytes. */
  readonly id: string
  readonly path: SlotPath
  readonly size: number
  readonly contentType: string
  readonly publishedAt: Instant
  readonly expiresAt?: Instant
}

export type Lookup =
  | { readonly kind: 'published'; readonly file: PublishedFile }
  /** Granted and unfinished; `lastByteAt` is when its last byte came, if one did. */
  | { readonly kind: 'unfinished'; readonly lastByteAt?: Instant }
  | { readonly kind: 'unknown' }

/** A whole body for a slot (XEP-0363 PUT). */
export interface PutRequest {
  readonly grant: Grant
  readonly client: ClientAddress
  readonly body: ByteSource
}

export type PutOutcome =
  /** The slot's file is published, by this request or by an earlier one with the same bytes. */
  | { readonly kind: 'published'; readonly file: PublishedFile }
  /** The sender is gone or was taken over: there is nobody to answer. */
  | { readonly kind: 'cut' }

/** The one place that decides what becomes of bytes. Knows nothing of HTTP. */
export interface Engine {
  /** Uploads a whole body. Refusals: `grant-expired`, `slot-conflict`, `slot-spent`, `too-many-uploads`, `file-too-large`, `disk-full`, `upload-settling`. */
  put(request: PutRequest): Promise<PutOutcome>
  /** What a reader of the path finds. Never takes a lease. */
  lookup(path: SlotPath): Promise<Lookup>
  /** Resolves when the path is published; rejects with the signal's reason when it is aborted first. */
  untilPublished(path: SlotPath, signal: AbortSignal): Promise<PublishedFile>
  /** Reads a part of a published file. */
  read(
    file: PublishedFile,
    request: { range: ByteRange; take: TakePiece; signal?: AbortSignal },
  ): Promise<void>
  /** Path of the file's bytes below the storage folder, for a proxy that serves them itself. */
  location(file: PublishedFile): string | undefined
  /** Removes a published file; its path stays spent. Resolves to whether there was one. */
  remove(path: SlotPath): Promise<boolean>
}
