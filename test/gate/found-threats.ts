import { findings } from '../../src/abuse/findings.ts'
import { threatPolicyOf } from '../../src/app/risk-policy.ts'
import type { Config } from '../../src/config/options.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { Threat } from '../../src/gate/events.ts'
import { type Threats, threats } from '../../src/gate/threats.ts'
import { proxyNetworks } from '../../src/http/client-address.ts'
import type { Place } from '../../src/risk/place.ts'
import { memoryFindings } from '../abuse/memory-findings.ts'

/** What a gate's threats are built with, if not with nothing. */
export interface Surroundings {
  readonly clock?: Clock
  readonly found?: (threat: Threat) => void
  readonly find?: (address: string) => Place | undefined
}

/** The threats that a configuration looks for, of a process that knows nobody yet. */
export function threatsOf(config: Config, surroundings: Surroundings = {}): Threats {
  const { clock = systemClock, found = () => undefined, find = () => undefined } = surroundings
  return threats({
    findings: findings({ store: memoryFindings(clock), clock }),
    policy: () => threatPolicyOf(config),
    places: { find },
    networkName: ({ network }) => network,
    isOfProxies: proxyNetworks(config.server.trustedProxies),
    clock,
    events: { threatFound: found, threatLifted: () => undefined },
    maxTracked: config.threats.maxTracked,
  })
}
