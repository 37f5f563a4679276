import type { SealedLine } from './audit-seal.ts'

/** A sealed line and where it stands. */
export interface PlacedLine extends SealedLine {
  readonly file: string
  readonly line: number
  readonly event: string
  /** Name of the master key, in the first line of a chain. */
  readonly kid: string | undefined
}
