import type { Stopwatch } from '../../core/clock.ts'

/** So many takeovers of one slot within {@link WINDOW} mean that two live senders fight over it. */
const FIGHT = 10

/** Milliseconds. */
const WINDOW = 10_000

/** The latest takeovers of one slot. */
export interface Takeovers {
  note(): void
  /** Whether there were ten within the last ten seconds. */
  isFight(): boolean
}

export function takeovers(stopwatch: Stopwatch): Takeovers {
  const latest: number[] = []
  return {
    note: () => {
      latest.push(stopwatch())
      if (latest.length > FIGHT) latest.shift()
    },
    isFight: () => {
      const [tenth] = latest
      return latest.length === FIGHT && tenth !== undefined && tenth > stopwatch() - WINDOW
    },
  }
}
