import type { ClientAddress } from '../core/client-address.ts'
import { Refusal } from '../core/refusals.ts'
import type { Abuse } from './abuse.ts'

/** Why somebody is refused for a while; nothing if not. */
export type FindTemporaryBan = (client: ClientAddress, user?: string) => string | undefined

/** Refuses also those that are banned for a while. */
export function withTemporaryBans(abuse: Abuse, find: FindTemporaryBan): Abuse {
  return {
    ...abuse,
    refuseBanned(client, user) {
      abuse.refuseBanned(client, user)
      const cause = find(client, user)
      if (cause !== undefined) throw new Refusal('banned', { cause })
    },
  }
}
