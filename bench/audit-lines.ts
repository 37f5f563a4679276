import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** What benchmarks read of a line of the audit trail. */
export interface AuditedEvent {
  readonly event: string
  /** Fingerprint of the slot. */
  readonly slot: string
  /** Bytes that were received and kept. */
  readonly kept: number
  readonly why: string
}

/** The audit trail of a server that ran in this folder; only one that has ended has written all of it. */
export async function auditLines(folder: string): Promise<readonly AuditedEvent[]> {
  const lines = (await readFile(path.join(folder, 'audit.jsonl'), 'utf8')).split('\n')
  return lines.filter(Boolean).map((line) => audited(JSON.parse(line)))
}

function audited(line: unknown): AuditedEvent {
  const fields = new Map(Object.entries(typeof line === 'object' && line !== null ? line : {}))
  return {
    event: String(fields.get('event')),
    slot: String(fields.get('slot')),
    kept: Number(fields.get('kept') ?? 0),
    why: String(fields.get('why') ?? ''),
  }
}
