/** What an audit line can tell of, in the words of `docs/audit.md`. */
export type AuditEvent =
  | 'opened'
  | 'published'
  | 'refused'
  | 'takeover'
  | 'interrupted'
  | 'repeated'
  | 'deleted'
  | 'abandoned'

/** One line of the audit trail; fields that do not apply are left out. Lengths in bytes. */
export interface AuditEntry {
  readonly event: AuditEvent
  /** Fingerprint of the slot. */
  readonly slot?: string | undefined
  readonly user?: string | undefined
  readonly address?: string | undefined
  /** Where the request that lost the upload came from. */
  readonly from?: string | undefined
  readonly scheme?: string
  readonly face?: string
  readonly size?: number
  /** Bytes that were received and kept. */
  readonly kept?: number
  readonly seconds?: number
  /** Code of the refusal. */
  readonly code?: string
  readonly outcome?: 'same' | 'different'
  readonly why?: string
  readonly method?: string
  readonly request?: string
}

/** The entry as it stands in the file: `time` first, one JSON object, one line. */
export function auditLine(time: string, entry: AuditEntry): string {
  return `${JSON.stringify({ time, ...entry })}\n`
}
