/** What is wrong with a trail. */
export type AuditFaultKind =
  /** A line is not what was sealed. */
  | 'edited'
  /** Lines are missing. */
  | 'removed'
  /** The last lines of a chain are missing. */
  | 'truncated'
  /** A line was not written there by a server. */
  | 'inserted'
  /** A line stands behind lines that came after it. */
  | 'reordered'
  /** The master key of a chain is not there: its lines prove nothing. */
  | 'unknown-key'
  /** What tells how far a chain got is missing or damaged. */
  | 'no-head'
  /** A file cannot be read to its end. */
  | 'unreadable'

/** Something wrong with a trail, and where. */
export interface AuditFault {
  readonly kind: AuditFaultKind
  /** Path; of lines that are missing at an end the one that they would stand in; nothing if no line of their chain is there. */
  readonly file?: string | undefined
  /** Counted from 1. */
  readonly line?: number | undefined
  readonly chain?: string | undefined
  /** In a sentence without its end. */
  readonly text: string
}
