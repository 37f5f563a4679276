/** What is looked for, each by a rule of its own. */
export const PATTERNS = [
  'grant-on-two-networks',
  'session-in-two-countries',
  'failing-proofs',
  'uploads-deleted-for-abuse',
] as const

export type Pattern = (typeof PATTERNS)[number]

/**
 * What becomes of a pattern that is found: it is not looked for; it is told; it is told and a reason of a level, or
 * whoever it was found of is refused, for a while.
 */
export type Effect = 'off' | 'watch' | 'level2' | 'level3' | 'ban'

/** From which returns on two places are used at once. */
export interface AlternationLimits {
  /** So many returns in a window are too many. */
  readonly returns: number
  /** Milliseconds after which a return is none any more: a device that changed its place takes longer to come back. */
  readonly returnWithin: number
  /** Milliseconds in which returns count together. */
  readonly window: number
}

/** From which failures on somebody tries keys for sessions. */
export interface FailureLimits {
  /** So many different sessions in a window are too many. */
  readonly sessions: number
  /** Milliseconds in which they count together. */
  readonly window: number
}

/** From which removals on a user is there to abuse the service. */
export interface AbuseLimits {
  /** So many files that were removed for abuse are the least. */
  readonly deletes: number
  /** Percent of the user's files that must have been. */
  readonly share: number
  /** Milliseconds in which they count together. */
  readonly window: number
}

/** What the operator decided about threats: the keys of `[threats]`. */
export interface ThreatPolicy {
  readonly effects: Readonly<Record<Pattern, Effect>>
  /** Milliseconds for which a finding holds. */
  readonly duration: number
  readonly alternation: AlternationLimits
  readonly failures: FailureLimits
  readonly abuse: AbuseLimits
}
