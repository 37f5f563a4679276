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

/** Something wrong with a trail, and where. */
export interface AuditFault {
  readonly kind: AuditFaultKind
  /** Path; nothing if it is about lines that are in no file. */
  readonly file?: string | undefined
  /** Counted from 1. */
  readonly line?: number | undefined
  readonly chain?: string | undefined
  /** In a sentence without its end. */
  readonly text: string
}
