/** What the operator decided about uploads; times in milliseconds, sizes in bytes. */
export interface EnginePolicy {
  /** `ack`: synced before an offset or a success is told · `complete`: before a success · `never`. */
  readonly fsync: 'ack' | 'complete' | 'never'
  readonly maxFileSize: number
  /** Below this many free bytes nothing new is accepted. */
  readonly minFree: number
  /** How long the bytes of an interrupted upload are kept after the last one came. */
  readonly resumeTimeout: number
  /**
   * How long after its first use a slot can be come back to: the life of an upload that has an
   * upload resource, of its tombstone, and of an opened slot without bytes.
   */
  readonly maxSessionAge: number
  /** How often a slot accepts an expired grant once more. */
  readonly maxRecoveries: number | 'off'
  /** Longest life of a published file; 0 = for ever. */
  readonly fileMaxAge: number
  /** An upload that can go on is kept at least after each so many bytes. */
  readonly chunkSize: number
  readonly openUploadsPerOwner: number
  readonly reservedBytesPerOwner: number
  /** Whether a scheme is accepted whose grants carry no time: then spent paths are kept for ever. */
  readonly timelessGrants: boolean
}

/** How long a reservation is held for which no byte came. */
export const RESERVATION_WITHOUT_BYTE = 10 * 60_000

/** How long a request waits for the outcome of one that sent its last byte before. */
export const SETTLING_WAIT = 25_000

/** A record is committed during an upload after so many bytes … */
export const COMMIT_BYTES = 16 * 2 ** 20

/** … or so many milliseconds, whichever comes first. */
export const COMMIT_INTERVAL = 5_000

/** A slot that is used for the first time is stored after so many milliseconds, whatever came of its upload. */
export const STORE_AFTER = 250
