/** The neighbourhood of a network prefix where no database names its autonomous system: /16 of IPv4, /32 of IPv6. */
export function regionOf(network: string): string {
  const [address = ''] = network.split('/', 1)
  const isIPv6 = address.includes(':')
  const parts = address.split(isIPv6 ? ':' : '.')
  return parts.slice(0, 2).join(isIPv6 ? ':' : '.')
}
