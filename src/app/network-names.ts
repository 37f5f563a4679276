import { createHmac, hkdfSync } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Config } from '../config/options.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { grantSecretsOf } from './settings.ts'

/** Characters of a keyed name: 128 bits in base64url, so that no two networks meet in one. */
const NAME_LENGTH = 22

/** Names at hand: a request asks for its own more than once, and most come from where others came from. */
const REMEMBERED = 4096

/**
 * How the state names the network that a client comes from, after `privacy.address`: by its prefix, or
 * by a keyed hash that tells networks apart and no more. The key is derived (HKDF, RFC 5869) from the
 * secrets of the grants: the same after a restart and on every server with the same secrets, and never in the state. Names that
 * were given before a secret was changed fit no network any more.
 */
export function networkNames(config: Config): (client: ClientAddress) => string {
  if (config.privacy.address !== 'none') return ({ network }) => network
  const secrets = Object.values(grantSecretsOf(config)).map((listed) => listed[0]?.value)
  const material = Buffer.concat(secrets.filter((secret) => secret !== undefined))
  const key = Buffer.from(hkdfSync('sha256', material, '', 'hmac-file-server networks', 32))
  const names = new LRUCache<string, string>({ max: REMEMBERED })
  return ({ network }) => {
    const known = names.get(network)
    if (known !== undefined) return known
    const digest = createHmac('sha256', key).update(network).digest('base64url')
    const name = `keyed:${digest.slice(0, NAME_LENGTH)}`
    names.set(network, name)
    return name
  }
}
