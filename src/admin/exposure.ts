import { type ListenAddress, isLocal } from '../core/listen-address.ts'

/**
 * Why the admin listener must not start as it is configured, or nothing. Who can reach a loopback
 * address or a UNIX socket has a foot on the machine; anybody else must show a token that an
 * operator chose.
 */
export function adminExposure(
  listen: ListenAddress,
  token: string | undefined,
): string | undefined {
  if (token !== undefined || isLocal(listen)) return undefined
  return 'The admin listener can be reached from other machines, so admin.token must be set'
}
