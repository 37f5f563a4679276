import { errorCode } from '../core/error-code.ts'
import type { AuditFault } from './audit-fault.ts'
import { openTrail, openTrailFiles } from './audit-files.ts'
import type { OnUnopened, TrailFile } from './audit-files.ts'
import { headsOf } from './audit-head.ts'
import type { SealKey } from './audit-seal.ts'
import { type TrailCheck, type TrailSummary, trailCheck } from './trail-check.ts'
import { type TrailHeads, trailHeads } from './trail-heads.ts'

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
 * Reads an audit trail and tells what is not as its server wrote it, and what cannot be read. A server may write to it
 * meanwhile. Rejects with the error of the system if its folder cannot be read.
 */
export async function verifyAudit(needs: AuditVerification): Promise<AuditVerdict> {
  const { file, files, keyOf, onFault, signal } = needs
  const isWhole = files.length === 0
  let [faults, unopened] = [0, 0]
  const tell = (fault: AuditFault): void => {
    faults += 1
    onFault(fault)
  }
  const cannotOpen: OnUnopened = (path, { message }) => {
    unopened += 1
    tell({ kind: 'unreadable', file: path, text: `it cannot be opened: ${message}` })
  }
  // Before the lines: a running server writes them first.
  const heads = isWhole ? headsIfReadable(file, tell) : undefined
  await using trail = isWhole
    ? await openTrail(file, cannotOpen)
    : await openTrailFiles(files, cannotOpen)
  const check = trailCheck({
    keyOf,
    heads,
    // Nobody knows what is in a file that cannot be opened.
    isPartial: needs.isPartial || !isWhole || unopened > 0,
    onFault: tell,
  })
  // A server makes its file when it starts.
  if (trail.length === 0 && unopened === 0)
    tell({ kind: 'removed', file, text: 'there is no such file' })
  for (const one of trail) await takeAll(one, { check, signal, tell })
  return { ...check.finish(), files: trail.map(({ path }) => path), faults }
}

/** Nothing if the system does not let us read their folder: then no end of a chain is proved. */
function headsIfReadable(file: string, tell: (fault: AuditFault) => void): TrailHeads | undefined {
  try {
    return trailHeads(file, ({ path, chain }, error) =>
      tell({ kind: 'unreadable', file: path, chain, text: unreadText(error) }),
    )
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) === undefined) throw error
    tell({ kind: 'unreadable', file: headsOf(file), text: unreadText(error) })
    return undefined
  }
}

function unreadText({ message }: Error): string {
  return `it cannot be read: ${message}`
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
