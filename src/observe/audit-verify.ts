import { errorCode } from '../core/error-code.ts'
import type { AuditFault } from './audit-fault.ts'
import { openTrail, openTrailFile } from './audit-files.ts'
import type { TrailFile } from './audit-files.ts'
import { readHeadOf, readHeads } from './audit-head.ts'
import type { SealKey } from './audit-seal.ts'
import { type TrailCheck, type TrailSummary, trailCheck } from './trail-check.ts'

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
 * the error of the system if a file cannot be opened.
 */
export async function verifyAudit(needs: AuditVerification): Promise<AuditVerdict> {
  const { file, files, keyOf, onFault, signal } = needs
  const isWhole = files.length === 0
  // Before the lines: a running server writes them first.
  const heads = isWhole ? readHeads(file) : undefined
  await using opened = new AsyncDisposableStack()
  const trail = isWhole ? opened.use(await openTrail(file)) : await allOf(files, opened)
  let faults = 0
  const tell = (fault: AuditFault): void => {
    faults += 1
    onFault(fault)
  }
  const check = trailCheck({
    keyOf,
    heads,
    headOf: (chain) => readHeadOf(file, chain),
    isPartial: needs.isPartial || !isWhole,
    onFault: tell,
  })
  // A server makes its file when it starts.
  if (trail.length === 0) tell({ kind: 'removed', file, text: 'there is no such file' })
  for (const one of trail) await takeAll(one, { check, signal, tell })
  return { ...check.finish(), files: trail.map(({ path }) => path), faults }
}

/** Gives all lines of a file to the check; one that is damaged hides nothing of the others. */
async function takeAll(
  trailFile: TrailFile,
  needs: { check: TrailCheck; signal: AbortSignal; tell: (fault: AuditFault) => void },
): Promise<void> {
  const { check, signal, tell } = needs
  const { path: file } = trailFile
  let line = 0
  try {
    for await (const bytes of trailFile.lines(signal)) {
      line += 1
      check.take(bytes, { file, line })
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || errorCode(error) === undefined) throw error
    tell({ kind: 'unreadable', file, text: `it ends after line ${line} with ${error.message}` })
  }
}

async function allOf(
  files: readonly string[],
  opened: AsyncDisposableStack,
): Promise<readonly TrailFile[]> {
  const all: TrailFile[] = []
  for (const path of files) all.push(opened.use(await openTrailFile(path)))
  return all
}
