import type { Config } from '../config/options.ts'
import type { AnomalyPolicy } from '../risk/anomaly/policy.ts'
import type { RiskPolicy } from '../risk/policy.ts'
import type { ThreatPolicy } from '../risk/threats/pattern.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** The configured thresholds as the risk room takes them. */
export function riskPolicyOf(config: Config): RiskPolicy {
  const { security, geo, anomaly } = config
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
    level2Score: anomaly.enabled ? anomaly.level2Score : Infinity,
    level3Score: anomaly.enabled ? anomaly.level3Score : Infinity,
    threatEffects: threatPolicyOf(config).effects,
  }
}

/** What is learnt of users, and for how long: of what is older than the retention a sixteenth is left at most. */
export function anomalyPolicyOf({ anomaly, privacy: { retention } }: Config): AnomalyPolicy {
  const { enabled, halfLife, warmUp } = anomaly
  const longest = retention === 0 ? Infinity : retention / 4
  return { enabled, halfLife: Math.min(halfLife, longest), warmUp, retention }
}

/** What is looked for, from when on it is found, and what becomes of it; nobody is remembered for longer than the retention. */
export function threatPolicyOf({ threats, privacy: { retention } }: Config): ThreatPolicy {
  const { returns, returnWithin } = threats
  const longest = retention === 0 ? Infinity : retention
  return {
    effects: {
      'grant-on-two-networks': threats.grantOnTwoNetworks,
      'session-in-two-countries': threats.sessionInTwoCountries,
      'failing-proofs': threats.failingProofs,
      'uploads-deleted-for-abuse': threats.uploadsDeletedForAbuse,
    },
    duration: Math.min(threats.duration, longest),
    alternation: { returns, returnWithin, window: threats.returnsWindow },
    failures: { sessions: threats.failingSessions, window: threats.failingWindow },
    abuse: {
      deletes: threats.abuseDeletes,
      share: threats.abuseShare,
      window: Math.min(threats.abuseWindow, longest),
    },
  }
}
