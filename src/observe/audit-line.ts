import { jsonMembers } from './flat-json.ts'

/** What an audit line can tell of, in the words of `docs/audit.md`. */
export type AuditEvent =
  | 'opened'
  | 'published'
  | 'refused'
  | 'refusals'
  | 'takeover'
  | 'resumed'
  | 'interrupted'
  | 'repeated'
  | 'deleted'
  | 'abandoned'
  | 'recovered'
  | 'adopted'
  | 'network-changed'
  | 'session-ended'
  | 'session-refused'
  | 'session-opened'
  | 'refreshed'
  | 'refresh-refused'
  | 'assessed'
  | 'unproved'
  | 'threat'
  | 'threat-lifted'
  | 'chain-began'
  | 'chain-ended'
  | 'chain-removed'
  | 'lines-lost'
  | 'key-added'
  | 'key-removed'

/** One line of the audit trail; fields that do not apply are left out. Lengths in bytes. */
export interface AuditEntry {
  readonly event: AuditEvent
  /** Fingerprint of the slot. */
  readonly slot?: string | undefined
  /** Fingerprint of the slot whose upload goes on in this one. */
  readonly oldSlot?: string
  /** SHA-256 of the id of a bound session; of others the fingerprint of their slot. */
  readonly session?: string | undefined
  /** The session whose place this one takes. */
  readonly succeeds?: string | undefined
  /** Name of a master key; of a chain the one that its seals come from. */
  readonly kid?: string
  /** Kind of a session's key. */
  readonly key?: 'hmac' | 'dpop'
  /** Security level of the request. */
  readonly level?: 1 | 2 | 3
  /** Bits by which the request was unusual of its owner. */
  readonly score?: number
  /** What made it so. */
  readonly features?: string
  readonly verdict?: 'passed' | 'challenged' | 'refused' | 'confirmed'
  /** Pattern of misuse that was found, or holds no longer. */
  readonly pattern?: string
  /** What becomes of it. */
  readonly effect?: string
  readonly user?: string | undefined
  readonly address?: string | undefined
  /** Country of the address: ISO 3166-1 alpha-2, in upper case. */
  readonly country?: string | undefined
  /** Number of the autonomous system that announces the address. */
  readonly asn?: number | undefined
  /** What the network of the address is there for: `mobile`, `fixed` or `hosting`. */
  readonly networkClass?: string | undefined
  /** Where the request that lost the upload came from. */
  readonly from?: string | undefined
  /** Class of that network. */
  readonly fromClass?: string | undefined
  readonly scheme?: string
  readonly face?: string
  readonly size?: number
  /** Bytes that were received and kept. */
  readonly kept?: number
  readonly seconds?: number
  /** Code of the refusal. */
  readonly code?: string
  /** Refusals that have no line of their own; lines that are lost; how often the slot was recovered. */
  readonly count?: number | undefined
  readonly outcome?: 'same' | 'different'
  readonly why?: string
  readonly method?: string
  readonly request?: string
  /** Other chains, each with the number of a line that it has. */
  readonly after?: string | undefined
  /** A chain whose file was removed. */
  readonly of?: string
  /** Number of its last line. */
  readonly until?: number
  /** Name of that file. */
  readonly file?: string
}

/** The entry as it stands in the file: `time` first, one JSON object, one line. */
export function auditLine(time: string, entry: AuditEntry): string {
  return `{"time":"${time}"${jsonMembers(entry)}}\n`
}
