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
}
