import type { Instant } from '../../core/clock.ts'
import { familyOf } from '../network-prefix.ts'
import { alternation } from './alternation.ts'
import type { AlternationLimits } from './pattern.ts'

/** A request that a session proved itself with. */
export interface SessionProof {
  readonly session: string
  /** Prefix that it comes from. */
  readonly network: string
  /** Where it came from; nothing if no database says so. */
  readonly country: string | undefined
  readonly at: Instant
}

/** Finds sessions that are proved from two countries at once: the key is in two hands. */
export interface SessionInTwoCountries {
  /** Takes note of a proof; the number of returns once there are too many. */
  proved(proof: SessionProof, limits: AlternationLimits): number | undefined
}

/**
 * One change of country is a journey, or a phone whose carrier is of another country than the WiFi that it leaves. IPv4 and IPv6 are
 * looked at apart, because a VPN may carry only one of them abroad.
 */
export function sessionInTwoCountries(maxTracked: number): SessionInTwoCountries {
  const proofs = alternation(maxTracked)
  return {
    proved({ session, network, country, at }, limits): number | undefined {
      if (country === undefined) return undefined
      return proofs.seen({ who: session, kind: familyOf(network), place: country, at }, limits)
    },
  }
}
