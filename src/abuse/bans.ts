import { hash } from 'node:crypto'
import { BlockList, isIPv6 } from 'node:net'
import type { ClientAddress } from '../core/client-address.ts'
import { bareJid } from './subject.ts'

/** Whom the operator banned. */
interface BanList {
  /** In CIDR notation. */
  readonly networks: readonly string[]
  /** Bare JIDs. */
  readonly users: readonly string[]
}

/** What a request is banned for. */
type BanCause = 'network' | 'user'

/** Answers why a client or user is banned, or nothing. A user is a JID, or the SHA-1 that ejabberd writes for it. */
export type FindBan = (client: ClientAddress, user?: string) => BanCause | undefined

/** Makes a list quick to ask. */
export function findBan({ networks, users }: BanList): FindBan {
  const blocks = blockList(networks)
  const names = new Set(users.map(bareJid).flatMap((jid) => [jid, hash('sha1', jid)]))
  return ({ address }, user) => {
    if (networks.length > 0 && blocks.check(address, familyOf(address))) return 'network'
    return names.size > 0 && user !== undefined && names.has(bareJid(user)) ? 'user' : undefined
  }
}

function blockList(networks: readonly string[]): BlockList {
  const blocks = new BlockList()
  for (const network of networks) {
    const [base = '', bits] = network.split('/', 2)
    blocks.addSubnet(base, Number(bits), familyOf(base))
  }
  return blocks
}

/** What is no address at all (a UNIX socket) is in no network of either family. */
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
