import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/core/clock.ts'
import type { AuditFault } from '../../src/observe/audit-fault.ts'
import { type AuditVerdict, verifyAudit } from '../../src/observe/audit-verify.ts'
import { type AuditTrail, openAudit } from '../../src/observe/audit.ts'
import type { Log } from '../../src/observe/log.ts'
import { NOON, SEAL_KEY, keptLog, sealKey } from './samples.ts'

/** A folder for an audit file. */
export interface TrailFolder extends AsyncDisposable {
  readonly file: string
  /** A process that writes to it. */
  open(clock?: Clock, log?: Log): Promise<AuditTrail>
  /** Does not end the chain, as a process that is killed. */
  lines(): Promise<string[]>
  write(lines: readonly string[]): Promise<void>
}

export async function trailFolder(): Promise<TrailFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'))
  const file = join(folder, 'audit.jsonl')
  return {
    file,
    open: async (clock = () => NOON, log = keptLog().log) =>
      await openAudit({
        file,
        clock,
        log,
        sealKey,
        onLost: () => undefined,
      }),
    lines: async () => await linesIn(file),
    write: async (lines) => await writeLines(file, lines),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true }),
  }
}

export async function linesIn(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').slice(0, -1)
}

export async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  await writeFile(file, lines.map((line) => `${line}\n`).join(''))
}

/** What the verification of a trail says. */
export interface Verified {
  readonly verdict: AuditVerdict
  readonly faults: readonly AuditFault[]
  readonly kinds: readonly string[]
}

export async function verified(
  file: string,
  { files = [], isPartial = false, kids = [SEAL_KEY.kid] }: Partial<VerifyOptions> = {},
): Promise<Verified> {
  const faults: AuditFault[] = []
  const verdict = await verifyAudit({
    file,
    files,
    isPartial,
    keyOf: (kid) => (kids.includes(kid) ? SEAL_KEY : undefined),
    onFault: (fault) => faults.push(fault),
    signal: new AbortController().signal,
  })
  return { verdict, faults, kinds: faults.map(({ kind }) => kind) }
}

interface VerifyOptions {
  readonly files: readonly string[]
  readonly isPartial: boolean
  readonly kids: readonly string[]
}
