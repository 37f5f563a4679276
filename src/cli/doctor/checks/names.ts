import { isIP } from 'node:net'
import { isLoopbackHost } from '../../../core/listen-address.ts'
import { bareHost, shortReason } from '../addresses.ts'
import type { Check } from '../check.ts'
import { type Finding, type Remedy, failed, ok, skipped, warning } from '../finding.ts'

/** A client that has two addresses tries the other one by itself when the first does not answer. */
export const namesCheck: Check = {
  name: 'names',
  about: 'the host has addresses, better two: one of IPv4 and one of IPv6',
  needs: ['public-url'],
  async run({ publicUrl, addresses }) {
    const host = bareHost(publicUrl.hostname)
    if (isIP(host) !== 0) return skipped('the host is an address, not a name')
    try {
      const found = await addresses()
      const isOwn = isLoopbackHost(host) && found.length < 2
      return isOwn ? skipped('the name means this machine') : judged(host, found)
    } catch (error) {
      return failed(`${host} has no address: ${shortReason(error)}`, ...zone(host, ['A', 'AAAA']))
    }
  },
}

function judged(host: string, addresses: readonly string[]): Finding {
  const shown = addresses.join(', ')
  const missing = (['A', 'AAAA'] as const).filter(
    (type) => !addresses.some((address) => isIP(address) === (type === 'A' ? 4 : 6)),
  )
  if (addresses.length > 1) return ok(`${addresses.length} addresses: ${shown}`)
  const text = `only one address, ${shown}: with two, Conversations goes on by the other one when a connection breaks`
  return warning(text, ...zone(host, missing))
}

const EXAMPLES = { A: '192.0.2.1', AAAA: '2001:db8::1' } as const

function zone(host: string, types: readonly (keyof typeof EXAMPLES)[]): readonly Remedy[] {
  return types.map((type) => ({
    where: `DNS, the zone of ${host}, with the server's own address`,
    lines: [`${host}. 3600 IN ${type} ${EXAMPLES[type]}`],
  }))
}
