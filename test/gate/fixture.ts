import { abuse } from '../../src/abuse/abuse.ts'
import { abusePolicyOf, gatePolicyOf } from '../../src/app/security-settings.ts'
import { sessionsOver } from '../../src/app/sessions.ts'
import { grantSecretsOf } from '../../src/app/settings.ts'
import type { Config } from '../../src/config/options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { type Gate, gate } from '../../src/gate/gate.ts'
import type { GateNeeds } from '../../src/gate/needs.ts'
import { type GrantVerifier, grantVerifier } from '../../src/grants/verifier.ts'
import { memoryCounters } from '../../src/stores/memory/counters.ts'
import { memorySessionStore } from '../../src/stores/memory/session-store.ts'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'
import { provingServer } from '../proof/fixture.ts'
import { threatsOf } from './found-threats.ts'

function nothing(): void {}

/** The gate of a configuration, over sessions in memory that nobody is told of. */
export function gateOf(config: Config, grants?: GrantVerifier): Gate {
  return gate(gateNeedsOf(config, grants))
}

/** What such a gate is built from. */
export function gateNeedsOf(
  config: Config,
  grants: GrantVerifier = grantVerifier(grantSecretsOf(config), systemClock),
): GateNeeds {
  const { needs, proofs } = provingServer()
  const sessions = sessionsOver(
    { sessions: memorySessionStore(), slots: memorySlotStore() },
    {
      opened: nothing,
      networkChanged: nothing,
      expired: nothing,
      evicted: nothing,
      noRoom: nothing,
    },
    {
      policy: () => ({ isEnabled: true, maxSessions: 100_000, maxAge: 3_600_000 }),
      networkName: ({ network }) => network,
    },
  )
  return {
    grants,
    sessions: sessions.slots,
    bound: sessions.bound,
    proofs,
    keys: needs.keys,
    abuse: abuse({
      failures: memoryCounters(),
      uploads: memoryCounters(),
      policy: () => abusePolicyOf(config),
    }),
    places: { find: () => undefined },
    anomalies: { isOn: () => false, look: () => undefined, learn: nothing, failed: nothing },
    events: {
      decided: nothing,
      unproved: nothing,
      bound: nothing,
      bindingRefused: nothing,
      refreshed: nothing,
      refreshRefused: nothing,
      ended: nothing,
      threatFound: nothing,
      threatLifted: nothing,
    },
    threats: threatsOf(config),
    clock: systemClock,
    policy: () => gatePolicyOf(config),
    prefix: '/',
    networkName: ({ network }) => network,
    userOf: ({ user }) => user,
    isUsed: async () => false,
    findSlot: async () => undefined,
  }
}
