/** Which internet protocol a network prefix is of: many devices use both at once, and by different ways. */
export type Family = 'ipv4' | 'ipv6'

export function familyOf(network: string): Family {
  return network.includes(':') ? 'ipv6' : 'ipv4'
}

/** The neighbourhood of a network prefix where no database names its autonomous system: /16 of IPv4, /32 of IPv6. */
export function regionOf(network: string): string {
  const slash = network.indexOf('/')
  const address = slash === -1 ? network : network.slice(0, slash)
  const separator = familyOf(network) === 'ipv6' ? ':' : '.'
  const second = address.indexOf(separator, address.indexOf(separator) + 1)
  return second === -1 ? address : address.slice(0, second)
}
