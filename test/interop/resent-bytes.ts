import { auditLines } from '../../bench/audit-lines.ts'

/** What the audit trail tells of an upload that was cut. */
export interface Resent {
  /** Interruptions after which the upload went on. */
  readonly cuts: number
  /** Bytes that the server had read, and that were sent again. */
  readonly bytes: number
}

/** Of the slot with this fingerprint, in the trail of the server that ran in this folder. */
export async function resentBytes(folder: string, slot: string): Promise<Resent> {
  let read: number | undefined
  let cuts = 0
  let bytes = 0
  for (const line of await auditLines(folder)) {
    if (line.slot !== slot) continue
    if (line.event === 'interrupted') read = line.kept
    if (line.event !== 'resumed' || read === undefined) continue
    cuts += 1
    bytes += Math.max(0, read - line.kept)
    read = undefined
  }
  return { cuts, bytes }
}
