/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** Tells the time; the only way the program does, so that tests can set it. */
export type Clock = () => Instant

/** The machine's clock. */
export const systemClock: Clock = () => Date.now()
