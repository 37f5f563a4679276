import type { ByteRange } from '../core/bytes.ts'
import type { Instant } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { LeaseToken, SlotRecord } from './slot-record.ts'

/** What the open uploads of one owner reserve. */
export interface Reserved {
  readonly uploads: number
  readonly bytes: number
}

/**
 * Records of slots, one per fingerprint. What every upload asks for may be answered at once. Every promise resolves only when its effect is stored as
 * durably as the store was told to. A store that cannot be reached rejects with
 * `Refusal('state-unavailable')`.
 */
export interface SlotStore extends AsyncDisposable {
  find(fingerprint: Fingerprint): SlotRecord | undefined | Promise<SlotRecord | undefined>
  /** The slot one of whose uploads has this `resource`. */
  findByResource(resource: string): Promise<SlotRecord | undefined>
  /**
   * Stores the record if its fingerprint has none yet. Resolves to the record that is stored
   * then: the given one, or the one that was there first.
   */
  create(record: SlotRecord): Promise<SlotRecord>
  /**
   * Replaces the record if the stored one still has the lease `held`, else leaves it.
   * Resolves to whether it did: `false` means that a newer holder took over, or that it is gone.
   */
  replace(record: SlotRecord, held: LeaseToken): Promise<boolean>
  /** Removes the record if the stored one still has the lease `held`; as `replace`. */
  remove(fingerprint: Fingerprint, held: LeaseToken): Promise<boolean>
  /** Sums over the owner's records for which `isReserving` holds; `bytes` adds their `size`. */
  reserved(owner: string): Promise<Reserved>
  /**
   * Gives `claim` to `fingerprint` unless it is given away already. Resolves to whom it
   * belongs then. Claims stay for ever.
   */
  claim(claim: string, fingerprint: Fingerprint): Promise<Fingerprint>
  /** Records with `dueAt` at or before `now`, earliest first, at most `limit`. */
  due(now: Instant, limit: number): Promise<readonly SlotRecord[]>
  /** The records for which `isReserving` holds, in no order, read in pages. */
  reserving(): AsyncIterable<SlotRecord>
  /** All records in the order of their fingerprints, read in pages; changes meanwhile may or may not show. */
  all(): AsyncIterable<SlotRecord>
  /** Resolves if the store answers. */
  ping(): Promise<void>
}

/** A part file opened for writing. Disposing closes it; it stays. */
export interface PartWriter extends AsyncDisposable {
  /** Bytes the part holds, handed to the operating system. */
  readonly length: number
  /**
   * Appends. The buffers are lent for the call, no longer; nothing returned means that their bytes
   * are written already. One call at a time. A full disk rejects with `Refusal('disk-full')`.
   */
  write(batch: readonly Uint8Array[]): void | Promise<void>
  /** Resolves when every byte written so far is on stable storage. */
  sync(): Promise<void>
}

/**
 * Takes a piece of a file that is read; lent until the result settles, `last` for the final piece.
 * So are the `HEADROOM` bytes in front of it, unless it is empty; what they hold means nothing.
 */
export type TakePiece = (piece: Uint8Array, last: boolean) => void | Promise<void>

/** One file on disk, for the search for orphans. */
export interface StoredBlob {
  readonly kind: 'part' | 'file'
  readonly key: string
  readonly size: number
  readonly modifiedAt: Instant
}

/** What became of a part that was to be readable as a file. */
export type Publication = 'published' | 'exists' | 'missing'

/**
 * Bytes of uploads (`part`, named by the upload's id) and of published files (`file`, named by the slot's id). What every
 * upload needs may be done at once; it throws then what it would reject with.
 */
export interface BlobStore extends AsyncDisposable {
  /** Makes a new empty part; fails if there is one. */
  create(part: string): PartWriter | Promise<PartWriter>
  /** Opens a part to go on at `offset`, cutting off what lies beyond; rejects if it is shorter. */
  resume(part: string, offset: number): Promise<PartWriter>
  /**
   * Makes the part readable as `file`, atomically, unless there is such a file: then it resolves
   * to `exists` and nothing changed; `missing`: there is no such part. With `sync` the new name is on stable storage before it
   * resolves. The part's own name is left; `removePart` takes it away. `isFresh`: the caller drew the file's name a moment ago, so that
   * none can have it; the part's own name may then become the file's, which costs less.
   */
  publish(
    part: string,
    file: string,
    options: { sync: boolean; isFresh?: boolean },
  ): Publication | Promise<Publication>
  /** Hands the range to `take` piece by piece; every range is within the file. Aborting `signal` ends it with a rejection. */
  read(
    file: string,
    request: { range: ByteRange; take: TakePiece; signal?: AbortSignal },
  ): Promise<void>
  /** As `read`, of a part. */
  readPart(
    part: string,
    request: { range: ByteRange; take: TakePiece; signal?: AbortSignal },
  ): Promise<void>
  /** Whether the part is what was published as `file`: the very same bytes, not equal ones. */
  isPublishedAs(part: string, file: string): Promise<boolean>
  /** Size of a part in bytes, or nothing if there is no such part. */
  partSize(part: string): Promise<number | undefined>
  /** Size in bytes, or nothing if there is no such file. */
  fileSize(file: string): Promise<number | undefined>
  /** Takes the part away; resolves also if there was none. */
  removePart(part: string): void | Promise<void>
  /** Takes the file away; resolves also if there was none. */
  removeFile(file: string): Promise<void>
  /** Path of the file below the store's folder, with `/`, for a proxy that serves it itself; nothing if bytes are no files. */
  location(file: string): string | undefined
  /** Everything there is, in no order. */
  list(): AsyncIterable<StoredBlob>
  /** Bytes that can still be written. */
  free(): number | Promise<number>
}

/** A request that wants the right to write to a slot. */
export interface LeaseRequest {
  /** Asks for the lease back; told `by` of who wants it, which may be empty. */
  readonly release: (by?: string) => void
  readonly signal: AbortSignal
  /** Where the request comes from, told to the holder; without spaces. */
  readonly by?: string
}

/** The right to write to one slot, held by one request at a time. Disposing gives it back. */
export interface Lease extends Disposable {
  readonly slot: Fingerprint
}

/**
 * Who may write to which slot: the newest authorised request. A holder is *asked* to give the
 * lease back, and does so when its in-flight write has finished.
 */
export interface Leases {
  /**
   * Waits until the present holder, asked by its `release`, has given the lease back.
   * `release` is called at most once, when somebody newer wants the lease. A newcomer overtaken
   * by a still newer one resolves to `superseded`. Aborting `signal` rejects with its reason.
   */
  acquire(
    slot: Fingerprint,
    request: LeaseRequest,
  ): Lease | 'superseded' | Promise<Lease | 'superseded'>
  /** Whether somebody in this process holds the lease now. */
  isHeld(slot: Fingerprint): boolean
  /** Whether another process that lives holds the lease. */
  isHeldElsewhere(slot: Fingerprint): Promise<boolean>
}

/** Tells the other processes that a slot was published, for readers who wait there. */
export interface Notices {
  /** Tells the others; one that gets lost is nobody's end. */
  announce(slot: Fingerprint): void
  /** Calls `listener` with what others announce, until it is disposed of. */
  subscribe(listener: (slot: Fingerprint) => void): Disposable
}
