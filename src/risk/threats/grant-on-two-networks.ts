import type { Instant } from '../../core/clock.ts'
import { regionOf } from '../anomaly/region.ts'
import { type Alternation, alternation } from './alternation.ts'
import type { AlternationLimits } from './pattern.ts'

/** A request that used a slot. */
export interface SlotUse {
  readonly slot: string
  /** Prefix that it comes from. */
  readonly network: string
  /** Number of the autonomous system, where known. */
  readonly asn?: number | undefined
  readonly at: Instant
}

/** Finds grants that two who live use in turn, from different networks. */
export interface GrantOnTwoNetworks {
  /** Takes note of a use; the number of returns once there are too many. */
  used(use: SlotUse, limits: AlternationLimits): number | undefined
}

/**
 * Networks are as far apart as their autonomous systems, or else their neighbourhoods: carriers give one phone several addresses in
 * turn. Without a database IPv4 and IPv6 are looked at apart, because most phones use both at once.
 */
export function grantOnTwoNetworks(maxTracked: number): GrantOnTwoNetworks {
  const uses: Alternation = alternation(maxTracked)
  return {
    used({ slot, network, asn, at }, limits): number | undefined {
      const place = asn === undefined ? regionOf(network) : `AS${asn}`
      return uses.seen({ who: `${slot} ${kindOf(network, asn)}`, place, at }, limits)
    },
  }
}

/** Only what is of one kind can be told apart. */
function kindOf(network: string, asn: number | undefined): string {
  if (asn !== undefined) return 'as'
  return network.includes(':') ? 'ipv6' : 'ipv4'
}
