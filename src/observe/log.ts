import { pino } from 'pino'
import type { Level, Logger } from 'pino'
import type { Clock } from '../core/clock.ts'
import { prettyLine } from './pretty-line.ts'
import { redact } from './redaction.ts'

/** Where the program says how it fares. */
export type Log = Logger

/** Takes whole lines; `process.stdout` and `process.stderr` fit. */
export interface LogDestination {
  write(line: string): unknown
  readonly isTTY?: boolean
}

export interface LogOptions {
  readonly level: Level
  /** `auto`: pretty if the destination is a terminal, else one JSON object per line. */
  readonly format: 'auto' | 'json' | 'pretty'
  readonly destination: LogDestination
  readonly clock: Clock
}

/**
 * Makes the log. Lines are written at once and in order, from this thread: what was logged before
 * a crash is there after it. Every line passes {@link redact}.
 */
export function createLog({ level, format, destination, clock }: LogOptions): Log {
  const pretty = format === 'pretty' || (format === 'auto' && destination.isTTY === true)
  const write = (line: string): void => {
    const safe = redact(line)
    destination.write(pretty ? prettyLine(safe) : safe)
  }
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
}
