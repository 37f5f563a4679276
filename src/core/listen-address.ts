import ipaddr from 'ipaddr.js'

/** Where a listener waits for connections. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that a service manager opened and passed on (systemd socket activation). */
  | { readonly kind: 'fd'; readonly fd: number }

/** Whether only this machine can reach the address. A socket that was passed on could lead anywhere. */
export function isLocal(address: ListenAddress): boolean {
  if (address.kind !== 'tcp') return address.kind === 'unix'
  return isLoopbackHost(address.host)
}

/** Whether a host name (RFC 6761 §6.3) or an address means this machine. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/gu, '').toLowerCase()
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback'
}
