import type { Stopwatch } from '../../core/clock.ts'

/** Milliseconds that a call to the disk may hold up everybody else. */
const SLOW = 4

/** A single call that takes so long (milliseconds) says enough. */
const STALL = 50

/** Share of slow calls from which the disk counts as slow; one may be the scheduler's doing. */
const SLOW_SHARE = 0.15

/** How much of the share one call makes up: the last twenty or so count. */
const WEIGHT = 1 / 16

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
 * When several of the last synchronous calls took more than 4 ms, or one 50 ms, calls are to be
 * asynchronous for a second; then they are tried again, and each time the disk is slow still, the next
 * spell is twice as long, up to 32 s. A process that shares its processor is interrupted in a call
 * now and then, which says nothing about the disk. Asynchronous calls are not measured:
 * their time says as much about our own load.
 */
export function diskPace(stopwatch: Stopwatch): DiskPace {
  let spell = 0
  let fastAgainAt = Number.NEGATIVE_INFINITY
  let slowShare = 0

  function note(now: number, took: number): void {
    slowShare += ((took > SLOW ? 1 : 0) - slowShare) * WEIGHT
    if (took < STALL && slowShare < SLOW_SHARE) return
    const isRelapse = now - fastAgainAt < spell
    spell = isRelapse ? Math.min(spell * 2, LONGEST_SPELL) : FIRST_SPELL
    fastAgainAt = now + spell
    // A relapse shows sooner than the first time.
    slowShare = SLOW_SHARE - WEIGHT
  }

  return {
    isFast: () => spell === 0 || stopwatch() >= fastAgainAt,
    timed: (call) => {
      const started = stopwatch()
      try {
        return call()
      } finally {
        const now = stopwatch()
        note(now, now - started)
      }
    },
  }
}
