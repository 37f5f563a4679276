import type { Effect, Pattern } from './threats/pattern.ts'

/** What the operator decided about suspicion: the keys of `[security]`, `[geo]`, `[anomaly]` and `[threats]`. */
export interface RiskPolicy {
  /** Without it everything is level 1. */
  readonly enhancedSecurity: boolean
  readonly challengeOnNetworkChange: boolean
  readonly reauthOnLongStandby: boolean
  /** Milliseconds without a request until level 2. */
  readonly standbyThreshold: number
  /** Milliseconds without a request, or after the grant's expiry, until level 3. */
  readonly longStandbyThreshold: number
  /** So many unproved changes of network within the window are not yet level 3. */
  readonly networkChangeLimit: number
  /** Milliseconds. */
  readonly networkChangeWindow: number
  readonly countryChange: 'off' | 'challenge' | 'reauth'
  /** Kilometres an hour; 0: nobody travels too fast. */
  readonly maxSpeedKmh: number
  /** Bits of surprise from which on a request is level 2; Infinity: never. */
  readonly level2Score: number
  /** Bits of surprise from which on a request is level 3; Infinity: never. */
  readonly level3Score: number
  /** What each pattern that is found asks for. */
  readonly threatEffects: Readonly<Record<Pattern, Effect>>
}
