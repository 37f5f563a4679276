import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../core/listen-address.ts'

/**
 * Why the admin listener must not start as it is configured, or nothing. Who can reach a loopback
 * address or a UNIX socket has a foot on the machine; anybody else must show a token that an
 * operator chose. A socket that was passed on could lead anywhere.
 */
export function adminExposure(
  listen: ListenAddress,
  token: string | undefined,
): string | undefined {
  if (token !== undefined || isLocal(listen)) return undefined
  return 'The admin listener can be reached from other machines, so admin.token must be set'
}

function isLocal(listen: ListenAddress): boolean {
  switch (listen.kind) {
    case 'unix':
      return true
    case 'tcp':
      return listen.host === 'localhost' || isLoopback(listen.host)
    case 'fd':
      return false
  }
}

function isLoopback(host: string): boolean {
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback'
}
