import type { AbusePolicy } from '../abuse/abuse.ts'
import type { Config } from '../config/options.ts'
import type { GatePolicy } from '../gate/needs.ts'
import type { ProofPolicy } from '../proof/needs.ts'
import { riskPolicyOf } from './risk-policy.ts'

/** The configured policy as the gate takes it. */
export function gatePolicyOf(config: Config): GatePolicy {
  const { security, sessionStore, networkResilience } = config
  return {
    ...riskPolicyOf(config),
    unbound: security.unbound,
    challengeWindow: security.challengeWindow,
    maxSessionAge: sessionStore.maxSessionAge,
    maxRefreshes: networkResilience.maxTokenRefreshes,
  }
}

/** How long challenges are good for, and where. */
export function proofPolicyOf(config: Config): ProofPolicy {
  const { security } = config
  return {
    challengeWindow: security.challengeWindow,
    nextChallengeLife: riskPolicyOf(config).standbyThreshold,
    address: security.challengeAddress,
  }
}

/** The configured limits and bans. */
export function abusePolicyOf({ limits }: Config): AbusePolicy {
  return limits
}
