import type { SealedLine } from './audit-seal.ts'

/** Where a line stands. */
export interface Place {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** A sealed line and where it stands. */
export interface PlacedLine extends SealedLine, Place {
  readonly event: string
  /** Name of the master key, in the first line of a chain. */
  readonly kid: string | undefined
}
