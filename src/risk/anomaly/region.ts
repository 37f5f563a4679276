/** The neighbourhood of a network prefix where no database names its autonomous system: /16 of IPv4, /32 of IPv6. */
export function regionOf(network: string): string {
  const slash = network.indexOf('/')
  const address = slash === -1 ? network : network.slice(0, slash)
  const separator = address.includes(':') ? ':' : '.'
  const second = address.indexOf(separator, address.indexOf(separator) + 1)
  return second === -1 ? address : address.slice(0, second)
}
