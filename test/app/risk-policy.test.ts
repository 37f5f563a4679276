import assert from 'node:assert/strict'
import test from 'node:test'
import { anomalyPolicyOf, riskPolicyOf, threatPolicyOf } from '../../src/app/risk-policy.ts'
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
    threatEffects: {
      'grant-on-two-networks': 'off',
      'session-in-two-countries': 'off',
      'failing-proofs': 'watch',
      'uploads-deleted-for-abuse': 'watch',
    },
  })
})

test('every key of [security], [geo], [anomaly] and [threats] that suspicion depends on reaches it', () => {
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
    'threats.grant_on_two_networks=level2',
    'threats.session_in_two_countries=level3',
    'threats.failing_proofs=level2',
    'threats.uploads_deleted_for_abuse=ban',
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
    threatEffects: {
      'grant-on-two-networks': 'level2',
      'session-in-two-countries': 'level3',
      'failing-proofs': 'level2',
      'uploads-deleted-for-abuse': 'ban',
    },
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

test('nobody is remembered for misuse for longer than lines of the audit trail are kept', () => {
  const day = 86_400_000
  for (const [retention, duration, window] of [
    ['5d', 5 * day, 5 * day],
    ['20d', 10 * day, 20 * day],
    ['0', 10 * day, 30 * day],
  ] as const) {
    const flags = ['grants.v2_secret=kQ8yVnZ2rT5wX1aB', 'threats.duration=10d']
    const all = [...flags, `privacy.retention=${retention}`]
    const policy = threatPolicyOf(loadConfig({ env: {}, flags: all, cwd: '/' }).config)
    assert.deepEqual([policy.duration, policy.abuse.window], [duration, window])
  }
})
