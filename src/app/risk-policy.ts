import type { Config } from '../config/options.ts'
import type { RiskPolicy } from '../risk/policy.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The configured thresholds as the risk room takes them. */
export function riskPolicyOf({ security, geo }: Config): RiskPolicy {
  return {
    enhancedSecurity: security.enhancedSecurity,
    challengeOnNetworkChange: security.challengeOnNetworkChange,
    reauthOnLongStandby: security.reauthOnLongStandby,
    standbyThreshold: security.standbyThresholdMinutes * MINUTE,
    longStandbyThreshold: security.longStandbyThresholdHours * HOUR,
    networkChangeLimit: security.networkChangeLimit,
    networkChangeWindow: security.networkChangeWindow,
    countryChange: geo.countryChange,
    maxSpeedKmh: geo.maxSpeedKmh,
  }
}
