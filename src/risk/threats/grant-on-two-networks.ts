import { LRUCache } from 'lru-cache'
import type { Instant } from '../../core/clock.ts'
import { familyOf, regionOf } from '../network-prefix.ts'
import { alternation } from './alternation.ts'
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

/** Networks whose neighbourhoods are at hand. */
const NEIGHBOURHOODS = 1024

/**
 * Networks are as far apart as their autonomous systems, or else their neighbourhoods: carriers give one phone several addresses in
 * turn. IPv4 and IPv6 are looked at apart, because most phones use both at once, and a tunnel or VPN may carry only one of them.
 * Remembers `maxTracked` slots of each kind.
 */
export function grantOnTwoNetworks(maxTracked: number): GrantOnTwoNetworks {
  const uses = alternation(maxTracked)
  const regions = new LRUCache<string, string>({ max: NEIGHBOURHOODS })

  function neighbourhoodOf(network: string): string {
    const known = regions.get(network)
    if (known !== undefined) return known
    const region = regionOf(network)
    regions.set(network, region)
    return region
  }

  return {
    used({ slot, network, asn, at }, limits): number | undefined {
      const family = familyOf(network)
      const whereabouts =
        asn === undefined
          ? { kind: family, place: neighbourhoodOf(network) }
          : { kind: `${family} systems`, place: `AS${asn}` }
      return uses.seen({ who: slot, at, ...whereabouts }, limits)
    },
  }
}
