import assert from 'node:assert/strict'
import test from 'node:test'
import { anomalyPolicyOf, riskPolicyOf } from '../../src/app/risk-policy.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { RiskPolicy } from '../../src/risk/policy.ts'

function policyWith(...flags: readonly string[]): RiskPolicy {
  const all = ['grants.v2_secret=kQ8yVnZ2rT5wX1aB', ...flags]
  return riskPolicyOf(loadConfig({ env: {}, flags: all, cwd: '/' }).config)
}

test('without a word the thresholds are those of the documents', () => {
  assert.deepEqual(policyWith(), {
    enhancedSecurity: true,
    challengeOnNetworkChange: true,
    reauthOnLongStandby: true,
    standbyThreshold: 1_800_000,
    longStandbyThreshold: 7_200_000,
    networkChangeLimit: 3,
    networkChangeWindow: 3_600_000,
    countryChange: 'challenge',
    maxSpeedKmh: 1_000,
    level2Score: Infinity,
    level3Score: Infinity,
  })
})

test('every key of [security], [geo] and [anomaly] that suspicion depends on reaches it', () => {
  const policy = policyWith(
    'security.enhanced_security=false',
    'security.challenge_on_network_change=false',
    'security.reauth_on_long_standby=false',
    'security.standby_threshold_minutes=1',
    'security.long_standby_threshold_hours=1',
    'security.network_change_limit=0',
    'security.network_change_window=2m',
    'geo.country_change=reauth',
    'geo.max_speed_kmh=0',
    'anomaly.enabled=true',
    'anomaly.level_2_score=9',
    'anomaly.level_3_score=11',
  )
  assert.deepEqual(policy, {
    enhancedSecurity: false,
    challengeOnNetworkChange: false,
    reauthOnLongStandby: false,
    standbyThreshold: 60_000,
    longStandbyThreshold: 3_600_000,
    networkChangeLimit: 0,
    networkChangeWindow: 120_000,
    countryChange: 'reauth',
    maxSpeedKmh: 0,
    level2Score: 9,
    level3Score: 11,
  })
})

test('what is learnt of users fades four times as fast as lines of the audit trail are removed', () => {
  const flags = ['grants.v2_secret=kQ8yVnZ2rT5wX1aB', 'privacy.retention=8d']
  const { config } = loadConfig({ env: {}, flags, cwd: '/' })
  const day = 86_400_000
  assert.deepEqual(anomalyPolicyOf(config), {
    enabled: false,
    halfLife: 2 * day,
    warmUp: 20,
    retention: 8 * day,
  })
})
