import type { ClientAddress } from '../core/client-address.ts'

/** How much of a person logs and audit lines show; `privacy.address` of the configuration. */
export interface Privacy {
  readonly address: 'full' | 'prefix' | 'none'
}

/** The client's address as it may be written down: whole, its network, or nothing. */
export function shownAddress(client: ClientAddress, privacy: Privacy): string | undefined {
  switch (privacy.address) {
    case 'full':
      return client.address
    case 'prefix':
      return client.network
    case 'none':
      return undefined
  }
}

/** A network as it may be written down where no single client is meant, or nothing. */
export function shownNetwork(network: string | undefined, privacy: Privacy): string | undefined {
  return privacy.address === 'none' ? undefined : network
}

/** What may tell of where a client is: ISO 3166-1 alpha-2, number of its autonomous system, class of its network. */
interface Place {
  readonly country?: string | undefined
  readonly asn?: number | undefined
  readonly networkClass?: string | undefined
}

/** Where a client is, as it may be written down: its country, autonomous system and class of network, or nothing. */
export function shownPlace({ country, asn, networkClass }: Place, privacy: Privacy): Place {
  return privacy.address === 'none' ? {} : { country, asn, networkClass }
}

/** The user as a line of the audit trail may name it: whole, as {@link maskUser} makes it, or nothing. */
export function shownUser(user: string | undefined, privacy: Privacy): string | undefined {
  if (user === undefined || privacy.address === 'none') return undefined
  return privacy.address === 'full' ? user : maskUser(user)
}

/** What ejabberd's v1 names a user by: SHA-1 of the bare JID. */
const HASHED = /^[\da-f]{40}$/u

/**
 * The user as a log line may name it: a JID as {@link maskUser} makes it, or nothing. A SHA-1 is whole, as in the paths of its
 * user's slots, which the log shows too: its beginning would tell nobody anything.
 */
export function loggedUser(user: string | undefined, privacy: Privacy): string | undefined {
  if (user === undefined || privacy.address === 'none') return undefined
  return HASHED.test(user) ? user : maskUser(user)
}

/** `romeo@montague.example/orchard` as `r…@montague.example`; a text without `@` as its first letter. */
function maskUser(user: string): string {
  const at = user.indexOf('@')
  const first = String.fromCodePoint(user.codePointAt(0) ?? 0x3f)
  if (at <= 0) return `${first}…`
  const resource = user.indexOf('/', at)
  return `${first}…${resource === -1 ? user.slice(at) : user.slice(at, resource)}`
}
