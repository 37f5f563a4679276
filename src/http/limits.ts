/** Bounds on what a connection may cost. Times in milliseconds. */
export interface HttpLimits {
  /** Longest time between two pieces of a body. */
  readonly bodyIdle: number
  /** A body slower than this over the trailing window is cut; bytes per second. */
  readonly minimumRate: number
  readonly minimumRateWindow: number
  /** Longest time to send a request head. */
  readonly headersTimeout: number
  /** Longest time without a byte in either direction: a reader that stopped reading is given up. */
  readonly silence: number
  /** How long a connection without a request stays open; above nginx's 60 s, so that the proxy closes first. */
  readonly keepAlive: number
  /** After an early answer: longest silence, longest time in all, and most connections at once. */
  readonly lingerSilence: number
  readonly lingerTotal: number
  readonly lingerConnections: number
}

/** What the server uses unless configured otherwise. There is no limit on a body's total time. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  bodyIdle: 120_000,
  minimumRate: 256,
  minimumRateWindow: 300_000,
  headersTimeout: 20_000,
  silence: 600_000,
  keepAlive: 75_000,
  lingerSilence: 5_000,
  lingerTotal: 30_000,
  lingerConnections: 256,
}
