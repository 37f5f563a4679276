/**
 * What a network is there for: `mobile`, phones of a carrier; `fixed`, a line to a home, an office or a school, with
 * or without WiFi at its end; `hosting`, servers. Nothing is said of a network that may be either.
 */
export type NetworkClass = 'mobile' | 'fixed' | 'hosting'

/** What the databases say of where an address is. */
export interface Place {
  /** ISO 3166-1 alpha-2, in upper case. */
  readonly country?: string
  /** Degrees, north positive. */
  readonly latitude?: number
  /** Degrees, east positive. */
  readonly longitude?: number
  /** Kilometres that the position is probably right within. */
  readonly accuracy?: number
  /** Number of the autonomous system that announces the address. */
  readonly asn?: number
  /** What its network is there for, as far as that is known or its name tells. */
  readonly networkClass?: NetworkClass
}
