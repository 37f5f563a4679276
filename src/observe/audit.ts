import type { Clock, Instant } from '../core/clock.ts'
import { auditLine } from './audit-line.ts'
import type { AuditEntry } from './audit-line.ts'
import type { SealKey } from './audit-seal.ts'
import { openChainedFile } from './chained-file.ts'
import { lineBatch } from './line-batch.ts'
import type { Log } from './log.ts'
import { timeText } from './time-text.ts'

/** A file that can't be written is reported at most this often, in milliseconds. */
const REPORT_INTERVAL = 60_000

/** How often it is noticed, while lines are written, that the file has another name, in milliseconds. */
const LOOK_INTERVAL = 60_000

/** The append-only record of what was done with slots, sealed. Disposing writes what waits and closes. */
export interface AuditTrail extends AsyncDisposable {
  /**
   * Notes an entry. The lines of one turn of the event loop are written together at its end, or
   * when the process ends before that.
   */
  readonly record: (entry: AuditEntry) => void
  /** Writes at once what was recorded so far. */
  flush(): void
  /**
   * Opens the file anew under its name, after a log rotation moved it. Rejects and goes on with
   * the old one if that fails.
   */
  reopen(): Promise<void>
}

export interface AuditOptions {
  /** Made with mode 0600 if it is not there. */
  readonly file: string
  readonly clock: Clock
  readonly log: Log
  /** The key for a chain that begins now. */
  readonly sealKey: () => SealKey
  /** Called with the number of lines that could not be written. */
  readonly onLost: (lines: number) => void
}

/**
 * Opens the trail. Rejects if the file can't be opened for appending; after that no failure
 * reaches the caller of `record`: lost lines are counted and reported in the log.
 */
export async function openAudit(options: AuditOptions): Promise<AuditTrail> {
  const { file, clock, log, sealKey, onLost } = options
  const now = timeText(clock)
  const lineOf = (entry: AuditEntry): string => auditLine(now(), entry)
  const lose = rateLimited(clock, (err) =>
    log.error({ err, file }, 'audit lines are lost: the audit file cannot be written'),
  )
  const onHeadError = rateLimited(clock, (err) =>
    log.error(
      { err, file },
      'it cannot be kept or read how long the audit trail is: its end is not proved',
    ),
  )
  const target = openChainedFile({ file, sealKey, lineOf, onHeadError })
  let lookAt = clock() + LOOK_INTERVAL
  // Before the lines: after a silence the old file may be removed already.
  const follow = (): void => {
    if (clock() < lookAt) return
    lookAt = clock() + LOOK_INTERVAL
    try {
      if (target.isElsewhere()) target.reopen()
    } catch (err) {
      log.warn({ err, file }, 'audit file not found: lines go to the old one')
    }
  }
  const { add, flush } = lineBatch((lines) => {
    follow()
    const { lost, error } = target.append(lines)
    if (error === undefined) return
    onLost(lost)
    lose(error)
  })
  return {
    record: (entry) => add(lineOf(entry)),
    flush,
    async reopen() {
      flush()
      target.reopen()
    },
    async [Symbol.asyncDispose]() {
      flush()
      target[Symbol.dispose]()
    },
  }
}

function rateLimited(clock: Clock, report: (error: unknown) => void): (error: unknown) => void {
  let quietUntil: Instant = 0
  return (error) => {
    if (clock() < quietUntil) return
    quietUntil = clock() + REPORT_INTERVAL
    report(error)
  }
}
