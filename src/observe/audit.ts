import type { Clock, Instant } from '../core/clock.ts'
import { openAppendFile } from './append-file.ts'
import { auditLine } from './audit-line.ts'
import type { AuditEntry } from './audit-line.ts'
import type { Log } from './log.ts'

/** Lines held while the disk is slow; beyond it they are lost, and counted. */
const MAX_WAITING = 100_000

/** A file that can't be written is reported at most this often, in milliseconds. */
const REPORT_INTERVAL = 60_000

/** The append-only record of what was done with slots. Disposing writes what waits and closes. */
export interface AuditTrail extends AsyncDisposable {
  /** Notes an entry; returns at once. The lines of one turn of the event loop are written together. */
  readonly record: (entry: AuditEntry) => void
  /** Resolves when all that was recorded so far is written or lost. */
  flush(): Promise<void>
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
  /** Called with the number of lines that could not be written. */
  readonly onLost: (lines: number) => void
}

/**
 * Opens the trail. Rejects if the file can't be opened for appending; after that no failure
 * reaches the caller of `record`: lost lines are counted and reported in the log.
 */
export async function openAudit({ file, clock, log, onLost }: AuditOptions): Promise<AuditTrail> {
  const target = await openAppendFile(file)
  const inTurn = oneAtATime()
  let waiting: string[] = []
  const lose = rateLimited(clock, (error) =>
    log.error({ err: error, file }, 'audit lines are lost: the audit file cannot be written'),
  )

  async function writeWaiting(): Promise<void> {
    const lines = waiting
    waiting = []
    if (lines.length === 0) return
    try {
      await target.append(lines.join(''))
    } catch (error) {
      onLost(lines.length)
      lose(error)
    }
  }

  function record(entry: AuditEntry): void {
    if (waiting.length >= MAX_WAITING) {
      onLost(1)
      lose(new Error('the disk does not keep up'))
      return
    }
    waiting.push(auditLine(new Date(clock()).toISOString(), entry))
    if (waiting.length === 1) setImmediate(() => void inTurn(writeWaiting))
  }

  return {
    record,
    flush: () => inTurn(writeWaiting),
    reopen: () =>
      inTurn(async () => {
        await writeWaiting()
        await target.reopen()
      }),
    async [Symbol.asyncDispose]() {
      await inTurn(writeWaiting)
      await inTurn(() => target.close())
    },
  }
}

/** Runs steps one after the other; a failed step fails its caller and holds up nobody. */
function oneAtATime(): (step: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve()
  return (step) => {
    const done = last.then(step)
    last = done.catch(() => undefined)
    return done
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
