import { type Stopwatch, systemStopwatch } from '../../core/clock.ts'

/** Milliseconds that nobody waits longer for others. */
const LONGEST_WAIT = 10

/** Connections that were accepted and are not read from yet. */
export interface Newcomers {
  /** Calls `begin` when nobody has come for a turn of the event loop. */
  readonly wait: (begin: () => void) => void
}

/**
 * Lets connections that come together begin together. However many stand in the queue of the
 * operating system, Node.js accepts one of them per turn of its loop: were each served as soon as it is
 * accepted, a turn would take the longer the more of them there are, and the last of a hundred would wait for
 * thousands of requests of the others.
 */
export function newcomers(stopwatch: Stopwatch = systemStopwatch): Newcomers {
  let waiting: (() => void)[] = []
  let since = 0
  let hasCome = false

  function look(): void {
    if (hasCome && stopwatch() - since < LONGEST_WAIT) {
      hasCome = false
      setImmediate(look)
      return
    }
    const ready = waiting
    waiting = []
    for (const begin of ready) begin()
  }

  return {
    wait(begin) {
      if (waiting.length === 0) {
        since = stopwatch()
        setImmediate(look)
      }
      hasCome = true
      waiting.push(begin)
    },
  }
}
