declare const networkPrefix: unique symbol

/** The prefix a client comes from: /24 for IPv4, /56 for IPv6, as `192.0.2.0/24`; `unix` for a UNIX socket. */
export type NetworkPrefix = string & { readonly [networkPrefix]: true }

/** Where a request comes from, after trusted proxies were taken into account. */
export interface ClientAddress {
  /** Textual address, IPv4-mapped IPv6 as IPv4; `unix` for a UNIX socket without a forwarded address. */
  readonly address: string
  readonly network: NetworkPrefix
}
