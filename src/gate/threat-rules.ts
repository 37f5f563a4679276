import type { NetworkPrefix } from '../core/client-address.ts'
import type { Clock } from '../core/clock.ts'
import { failingProofs } from '../risk/threats/failing-proofs.ts'
import { grantOnTwoNetworks } from '../risk/threats/grant-on-two-networks.ts'
import type { Places } from '../risk/places.ts'
import type { Pattern, ThreatPolicy } from '../risk/threats/pattern.ts'
import { sessionInTwoCountries } from '../risk/threats/session-in-two-countries.ts'
import type { Threat } from './events.ts'
import type { GateRequest } from './gate-request.ts'
import type { JudgedSlot } from './passage.ts'

type Sender = Pick<GateRequest, 'client'>

/** Looks for patterns in what passes the gate. */
export interface ThreatRules {
  /** Takes note of a request that may use a slot. */
  used(request: Sender, slot: Pick<JudgedSlot, 'fingerprint' | 'session'>): void
  /** Takes note of a session that proved itself. */
  proved(request: Sender, session: string): void
  /** Takes note of a session that there is, and was proved before, and was not now. */
  failed(request: Sender, attempt: { readonly session: string; readonly why: string }): void
}

/** What the rules look with. */
export interface ThreatRuleNeeds {
  readonly places: Pick<Places, 'find'>
  readonly clock: Clock
  /** Asked anew each time, because it may change while the server runs. */
  readonly policy: () => ThreatPolicy
  /** Whether a proxy, or a program of this machine, may be who a network is: then it may be anybody. */
  readonly isOfProxies: (network: NetworkPrefix) => boolean
  /** Slots, sessions and networks that each rule remembers. */
  readonly maxTracked: number
}

/** What a rule finds. */
export type FoundThreat = Omit<Threat, 'effect' | 'duration' | 'user' | 'client'> &
  Required<Pick<Threat, 'client'>>

/** Failures that another key makes. A client whose session is gone, or whose clock is wrong, has others. */
const OTHER_KEYS: ReadonlySet<string> = new Set(['wrong', 'key'])

/** The rules that look at requests; what they find is told to `report`. */
export function threatRules(
  { places, clock, policy, isOfProxies, maxTracked }: ThreatRuleNeeds,
  report: (threat: FoundThreat) => void,
): ThreatRules {
  const onTwoNetworks = grantOnTwoNetworks(maxTracked)
  const inTwoCountries = sessionInTwoCountries(maxTracked)
  const failing = failingProofs(maxTracked)
  const isSought = (pattern: Pattern): boolean => policy().effects[pattern] !== 'off'
  return {
    used({ client }, { fingerprint, session = fingerprint }): void {
      if (!isSought('grant-on-two-networks')) return
      const { network, address } = client
      const use = { slot: fingerprint, network, asn: places.find(address)?.asn, at: clock() }
      const count = onTwoNetworks.used(use, policy().alternation)
      if (count !== undefined) report({ pattern: 'grant-on-two-networks', session, client, count })
    },
    proved({ client }, session): void {
      if (!isSought('session-in-two-countries')) return
      const { network, address } = client
      const proof = { session, network, country: places.find(address)?.country, at: clock() }
      const count = inTwoCountries.proved(proof, policy().alternation)
      if (count !== undefined)
        report({ pattern: 'session-in-two-countries', session, client, count })
    },
    failed({ client }, { session, why }): void {
      if (!isSought('failing-proofs') || !OTHER_KEYS.has(why)) return
      const { network } = client
      // Behind a proxy that does not say for whom it asks everybody is the same network.
      if (isOfProxies(network)) return
      const count = failing.failed({ session, network, at: clock() }, policy().failures)
      if (count !== undefined) report({ pattern: 'failing-proofs', client, count })
    },
  }
}
