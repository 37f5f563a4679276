import { type Clock, systemClock } from '../core/clock.ts'
import { removeAged, setAside } from '../observe/audit-retention.ts'
import type { AuditTrail } from '../observe/audit.ts'
import type { Log } from '../observe/log.ts'
import { attempts } from './attempts.ts'
import { repeating } from './repeating.ts'

/** How often aged lines of the audit trail are looked for, in milliseconds. */
const INTERVAL = 3_600_000

/** Which lines are removed. */
export interface AuditUpkeepNeeds {
  readonly file: string
  /** Nothing: there is none. */
  readonly trail: Pick<AuditTrail, 'record' | 'flush'> | undefined
  /** Milliseconds that lines are kept; 0: for as long as somebody else does not remove them. */
  readonly retention: number
  readonly log: Log
  readonly clock?: Clock
}

/**
 * Puts the lines of each day aside and removes those that are too old, at once and then every hour.
 * Disposing waits for the run under way.
 */
export function startAuditUpkeep(needs: AuditUpkeepNeeds): AsyncDisposable {
  const { trail, retention, log } = needs
  if (trail === undefined || retention === 0) return { [Symbol.asyncDispose]: async () => {} }
  return repeating({
    every: INTERVAL,
    first: 0,
    attempt: attempts((err) =>
      log.error({ err }, 'aged audit lines are not removed, it will be tried again'),
    ),
    work: async () => await removeAndSetAside(trail, needs),
  })
}

async function removeAndSetAside(
  trail: Pick<AuditTrail, 'record' | 'flush'>,
  { file, retention, log, clock = systemClock }: AuditUpkeepNeeds,
): Promise<void> {
  // What is put aside has to wait for the next run: whoever has it open may write to it for a minute.
  const files = await removeAged(file, clock() - retention, trail)
  if (files > 0) log.info({ files }, 'audit lines removed that were kept for long enough')
  await setAside(file, clock())
}
