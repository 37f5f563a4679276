import type { AuditFault } from './audit-fault.ts'
import { openTrail, openTrailFile } from './audit-files.ts'
import type { TrailFile } from './audit-files.ts'
import { readHeadOf, readHeads } from './audit-head.ts'
import type { SealKey } from './audit-seal.ts'
import { type TrailSummary, trailCheck } from './trail-check.ts'

/** What is verified, and with what. */
export interface AuditVerification {
  /** The audit file of the configuration. */
  readonly file: string
  /** Only these files; none: the audit file and all that was put aside of it. */
  readonly files: readonly string[]
  /** Whether somebody removed old files on purpose. */
  readonly isPartial: boolean
  /** Nothing if there is no such master key. */
  readonly keyOf: (kid: string) => SealKey | undefined
  readonly onFault: (fault: AuditFault) => void
  readonly signal: AbortSignal
}

/** What was looked at and found. */
export interface AuditVerdict extends TrailSummary {
  readonly files: readonly string[]
  readonly faults: number
}

/**
 * Reads an audit trail and tells what is not as its server wrote it. A server may write to it meanwhile. Rejects with
 * the error of the system if a file cannot be read.
 */
export async function verifyAudit(needs: AuditVerification): Promise<AuditVerdict> {
  const { file, files, keyOf, onFault, signal } = needs
  const isWhole = files.length === 0
  // Before the lines: a running server writes them first.
  const heads = isWhole ? readHeads(file) : undefined
  await using opened = new AsyncDisposableStack()
  const trail = isWhole ? opened.use(await openTrail(file)) : await allOf(files, opened)
  let faults = 0
  const check = trailCheck({
    keyOf,
    heads,
    headOf: (chain) => readHeadOf(file, chain),
    isPartial: needs.isPartial || !isWhole,
    onFault(fault) {
      faults += 1
      onFault(fault)
    },
  })
  for (const one of trail) {
    let line = 0
    for await (const bytes of one.lines(signal)) {
      line += 1
      check.take(bytes, { file: one.path, line })
    }
  }
  return { ...check.finish(), files: trail.map(({ path }) => path), faults }
}

async function allOf(
  files: readonly string[],
  opened: AsyncDisposableStack,
): Promise<readonly TrailFile[]> {
  const all: TrailFile[] = []
  for (const path of files) all.push(opened.use(await openTrailFile(path)))
  return all
}
