/** Which internet protocol a network prefix is of: many devices use both at once, and by different ways. */
export type Family = 'ipv4' | 'ipv6'

export function familyOf(network: string): Family {
  return network.includes(':') ? 'ipv6' : 'ipv4'
}
