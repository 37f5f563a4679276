import type { Stopwatch } from '../../core/clock.ts'

/** Milliseconds that a call to the disk may hold up everybody else. */
const SLOW = 4

/** Milliseconds of asynchronous calls after a slow one. */
const FIRST_SPELL = 1_000

/** Bounds how often a disk that stays slow is tried, in milliseconds. */
const LONGEST_SPELL = 32_000

/**
 * Whether calls to a disk may be synchronous. While the page cache takes bytes at memory speed that is
 * the fastest way; a throttled disk would stop the event loop.
 */
export interface DiskPace {
  /** Whether the next call may be synchronous. */
  isFast(): boolean
  /** Makes a synchronous call and remembers how long it took. */
  timed<T>(call: () => T): T
}

/**
 * After a synchronous call of more than 4 ms calls are to be asynchronous for a second; then one is
 * tried again, and each time it is slow still, the next spell is twice as long, up to 32 s.
 * Asynchronous calls are not measured: their time says as much about our own load as about the disk.
 */
export function diskPace(stopwatch: Stopwatch): DiskPace {
  let spell = 0
  let fastAgainAt = Number.NEGATIVE_INFINITY

  function slow(now: number): void {
    const isRelapse = now - fastAgainAt < spell
    spell = isRelapse ? Math.min(spell * 2, LONGEST_SPELL) : FIRST_SPELL
    fastAgainAt = now + spell
  }

  return {
    isFast: () => spell === 0 || stopwatch() >= fastAgainAt,
    timed: (call) => {
      const started = stopwatch()
      try {
        return call()
      } finally {
        const now = stopwatch()
        if (now - started > SLOW) slow(now)
      }
    },
  }
}
