import type { ByteRange, ByteSource } from '../core/bytes.ts'
import type { ClientAddress } from '../core/client-address.ts'
import type { Instant } from '../core/clock.ts'
import type { DeliveryDigests, Digests } from '../core/digests.ts'
import type { Grant } from '../core/grant.ts'
import type { Fingerprint, SlotPath } from '../core/slot-path.ts'
import type { RemovalReason } from './events.ts'
import type { Passage } from './passage.ts'
import type { TakePiece } from './ports.ts'
import type { Face, SlotRecord, UploadDescription } from './slot-record.ts'

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
  readonly passage?: Passage | undefined
  readonly body: ByteSource
  readonly digests?: DeliveryDigests | undefined
}

/** The slot's file is published, by this request or by an earlier one with the same bytes. */
export interface Published {
  readonly kind: 'published'
  readonly file: PublishedFile
  /** Of the file, where the request wanted one. */
  readonly digests?: Digests
}

/** The sender is gone or was taken over: there is nobody to answer. */
export interface Cut {
  readonly kind: 'cut'
}

/** The upload stands at `offset`: a byte that is kept, and the next one expected. */
export interface Progress {
  readonly kind: 'progress'
  readonly offset: number
  /** Length of the whole upload. */
  readonly size?: number
  /** When the upload is given up if it stays unfinished. */
  readonly expiresAt?: Instant
}

/** A body on its way into an upload. */
export interface Delivery {
  readonly body: ByteSource
  /** Whether the body brings the upload's last byte, so that a full upload is published. */
  readonly completes: boolean
  readonly digests?: DeliveryDigests | undefined
  /** Told how far the upload is kept whenever that changes while the body is on its way; a new upload first of all at 0. */
  readonly onKept?: (progress: Progress) => void
}

/** A new upload of a slot. */
export interface CreateRequest {
  readonly grant: Grant
  readonly client: ClientAddress
  readonly passage?: Passage | undefined
  readonly face: Face
  /** SHA-256 of the id told to the client, which can go on with the upload by it; absent: nobody can. */
  readonly resource?: string
  readonly description?: UploadDescription
  /** The first bytes, where some come with the creation. */
  readonly delivery?: Delivery
  /**
   * SHA-256 of the id of another slot's upload, whose bytes this one begins with. Its slot is spent
   * then. A delivery is left unread: its sender can't know how far the other upload came.
   */
  readonly adopts?: string | undefined
}

/** More bytes for an upload that was created. */
export interface AppendRequest extends Delivery {
  readonly resource: string
  readonly client: ClientAddress
  readonly passage?: Passage | undefined
  /** Mark of the credential that is shown with the request, if any; as in the upload's description. */
  readonly credential?: string
  /** Where the client believes the upload stands. */
  readonly offset: number
  /** Length of the whole upload, where the client says it with these bytes. */
  readonly length?: number
  /** The offset behind the body's last byte, where that is known: one beyond the upload's end ends it. */
  readonly end?: number
}

/** A question for an upload that was created. */
export interface StatusRequest {
  readonly resource: string
  readonly client: ClientAddress
  readonly passage?: Passage | undefined
  readonly credential?: string
  /** Whether an upload that has all its bytes is complete without a further word of the client, and published first. */
  readonly completes?: boolean
}

/** A slot whose session gives up what is unfinished of it. */
export interface AbandonRequest {
  readonly slot: Fingerprint
  readonly client: ClientAddress
  readonly passage: Passage
}

/** A slot whose upload goes on by the grant alone, without an upload resource. */
export interface RangeRequest {
  readonly grant: Grant
  readonly client: ClientAddress
  readonly passage?: Passage | undefined
  /**
   * What is to be stored from `offset` on; without it the request only asks how far the upload is. `end`: the
   * offset behind its last byte, where that is known: one that ends before the file does completes nothing.
   */
  readonly piece?: { readonly offset: number; readonly end?: number; readonly body: ByteSource }
  /** `content` is of the piece. */
  readonly digests?: DeliveryDigests | undefined
}

/** How an upload stands that was created. */
export interface UploadStatus extends UploadDescription {
  readonly kind: 'status'
  readonly offset: number
  readonly size: number
  readonly isComplete: boolean
  /** When the upload is given up if it stays unfinished; absent once it is complete. */
  readonly expiresAt?: Instant
}

/**
 * The one place that decides what becomes of bytes. Knows nothing of HTTP. Every verb for uploads
 * refuses (`proof-required`) who is not the session that the slot is bound to, and as the request's
 * passage does; that changes nothing.
 */
export interface Engine {
  /**
   * Uploads a whole body. Refusals: `grant-expired`, `slot-conflict`, `slot-spent`,
   * `too-many-uploads`, `file-too-large`, `disk-full`, `upload-settling`, `digest-mismatch`.
   */
  put(request: PutRequest): Promise<Published | Cut>
  /**
   * Starts an upload, with its first bytes or without, or with what another slot's upload got so far.
   * Refuses as `put`, and with `adoption-refused` (facts: `why`), which changes nothing; an earlier
   * generation with a resource is parked.
   */
  create(request: CreateRequest): Promise<Progress | Published | Cut>
  /**
   * Goes on with an upload. Refusals: `not-found`, `upload-gone`, `grant-invalid` (another's
   * credential), `offset-mismatch` (facts: `expected`), `length-inconsistent`, `upload-complete`,
   * `digest-mismatch`, and those of `put`.
   */
  append(request: AppendRequest): Promise<Progress | Published | Cut>
  /** Takes the writer's place and tells the offset. Refusals: `not-found`, `upload-gone`, `grant-invalid`. */
  status(request: StatusRequest): Promise<UploadStatus | Cut>
  /** Gives an unfinished upload up; its slot may be used again. Refusals: `not-found`, `upload-gone`. */
  abort(request: Omit<StatusRequest, 'completes'>): Promise<void>
  /**
   * Gives up all that is unfinished of a bound slot, whichever way it came, here or in another process;
   * the slot may be used again. Does nothing where nothing is. Refusals: `proof-required`, `upload-settling`.
   */
  abandon(request: AbandonRequest): Promise<void>
  /**
   * Goes on with what an earlier piece, or a whole body that was cut, left of the slot; the first
   * piece opens it. Refuses as `put`, and with `offset-mismatch` (facts: `expected`).
   */
  range(request: RangeRequest): Promise<Progress | Published | Cut>
  /** Length of the path's upload in bytes, if it was ever used. */
  sizeOf(path: SlotPath): Promise<number | undefined>
  /** Length of an upload in bytes, by its resource; nothing if there is none. Never takes a lease. */
  sizeOfResource(resource: string): Promise<number | undefined>
  /** What a reader of the path finds; may be up to a second old. Never takes a lease. */
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
  /** Removes a published file, because somebody asked for it unless told; its path stays spent. Resolves to whether there was one. */
  remove(path: SlotPath, why?: RemovalReason): Promise<boolean>
}

/** A request that sends bytes at this moment, in this process. */
export interface Sending {
  readonly client: ClientAddress
  /** What it sends to; nothing may be stored of it yet. */
  readonly slot: SlotRecord
}

/** Whether a request is to be ended. */
export type IsUnwanted = (sending: Sending) => Promise<boolean>

/** The engine as its owner sees it. Disposing waits for what is under way. */
export interface UploadEngine extends Engine, AsyncDisposable {
  /**
   * Mends what a crash left of these slots, which nobody may use meanwhile; without any, of all: to be
   * called once before the first request.
   */
  recover(left?: AsyncIterable<SlotRecord>): Promise<void>
  /**
   * Ends all requests whose clients can come back to their uploads, unanswered, and keeps what they sent:
   * for a server that is about to stop.
   */
  pause(): void
  /**
   * Ends requests that are unwanted by now, unanswered, and keeps what they sent as of clients whose network
   * is gone; one whose body has come whole is answered. Asks until `signal` aborts, and rejects as `isUnwanted`
   * does. Resolves to how many that were.
   */
  endUnwanted(isUnwanted: IsUnwanted, signal: AbortSignal): Promise<number>
  /**
   * Begins to keep what uploads under way have left unkept for too long, though nothing may come for them: that
   * a slot is used, and bytes before a silence. To be called every `STORE_AFTER` milliseconds.
   */
  keep(): void
  /** Ends what is overdue, oldest first, in small batches. Resolves to how many slots changed. */
  sweep(signal: AbortSignal): Promise<number>
  /** What a sweep would look at now, earliest first, at most `limit` slots. */
  overdue(limit: number): Promise<readonly SlotRecord[]>
  /** Removes bytes that no record refers to; only reports them with `dryRun`. */
  collect(options: { dryRun: boolean; signal: AbortSignal }): Promise<readonly Orphan[]>
  /** What is stored of a path, for the operator. */
  find(path: SlotPath): Promise<SlotRecord | undefined>
  /** All slots that have a file, for the operator. */
  files(): AsyncIterable<SlotRecord>
}

/** Bytes on disk that nothing refers to. */
export interface Orphan {
  readonly kind: 'part' | 'file'
  readonly key: string
  readonly size: number
}
