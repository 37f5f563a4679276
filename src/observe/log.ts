import { pino, symbols } from 'pino'
import type { Level, Logger } from 'pino'
import type { Clock } from '../core/clock.ts'
import { lineBatch } from './line-batch.ts'
import type { LineBatch } from './line-batch.ts'
import { prettyLine } from './pretty-line.ts'
import { redact } from './redaction.ts'
import { timeText } from './time-text.ts'

/** Where the program says how it fares. */
export type Log = Logger

/** Takes whole lines, one or several at a time; `process.stdout` and `process.stderr` fit. */
export interface LogDestination {
  write(lines: string): unknown
  readonly isTTY?: boolean
}

export interface LogOptions {
  readonly level: Level
  /** `auto`: pretty if the destination is a terminal, else one JSON object per line. */
  readonly format: 'auto' | 'json' | 'pretty'
  readonly destination: LogDestination
  readonly clock: Clock
  /** Process that tells its lines from those of others in the same log. */
  readonly worker?: number | undefined
}

/** How pino counts `error`. */
const ERROR = 50

/** Batches by their destination: two logs that share one keep the order of their lines. */
const batches = new WeakMap<LogDestination, LineBatch>()

/**
 * Makes the log. The lines of one turn of the event loop are written together, in order, from this
 * thread, `error` and `fatal` at once, and all of them before the process ends: what was logged
 * before a crash is there after it. `flush` writes what waits. Every line passes {@link redact}.
 */
export function createLog({ level, format, destination, clock, worker }: LogOptions): Log {
  const pretty = format === 'pretty' || (format === 'auto' && destination.isTTY === true)
  const now = timeText(clock)
  const { add, flush } = batchTo(destination)
  const stream = {
    // Asks pino to note the level of each line before it is written.
    [symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      const safe = redact(line)
      add(pretty ? prettyLine(safe) : safe)
      if (stream.lastLevel >= ERROR) flush()
    },
    flush,
  }
  return pino(
    {
      level,
      base: worker === undefined ? null : { worker },
      timestamp: () => `,"time":"${now()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
}

function batchTo(destination: LogDestination): LineBatch {
  const known = batches.get(destination)
  if (known !== undefined) return known
  const fresh = lineBatch((lines) => destination.write(lines))
  batches.set(destination, fresh)
  return fresh
}
