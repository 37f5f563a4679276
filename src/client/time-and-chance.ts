/** What the client has of the world besides the network. */
export interface TimeAndChance {
  /** Milliseconds since some fixed moment, never set back. */
  readonly now: () => number
  /** Calls back once, after so many milliseconds, unless the returned function is called before. */
  readonly after: (milliseconds: number, callback: () => void) => () => void
  /** From 0 up to, not including, 1; nothing secret depends on it. */
  readonly random: () => number
}

/** As the machine has it. */
export const systemTimeAndChance: TimeAndChance = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}
