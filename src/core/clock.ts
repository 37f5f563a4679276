/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** Tells the time; the only way the program does, so that tests can set it. */
export type Clock = () => Instant

/** The machine's clock. */
export const systemClock: Clock = () => Date.now()

/** Milliseconds since some fixed moment, never set back: tells how long something took. */
export type Stopwatch = () => number

/** The machine's stopwatch. */
export const systemStopwatch: Stopwatch = () => performance.now()

/** Clocks of XMPP servers and ours may differ by this much, in milliseconds; nothing else extends an expiry. */
export const CLOCK_SKEW = 60_000
