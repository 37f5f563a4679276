import { isIP } from 'node:net'
import { type TriedAddress, portOf } from '../addresses.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, note, ok } from '../finding.ts'

/**
 * What the machine says that has no way to IPv6 itself; nothing is wrong with the server then. That a host is
 * unreachable may be the answer of a router near the server (RFC 4443 §3.1).
 */
const NO_WAY = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']

/** Clients pick any of the addresses; one that is silent costs them its time-out. */
export const reachCheck: Check = {
  name: 'reach',
  about: 'each address of the host accepts connections',
  needs: ['names'],
  async run(deployment, signal) {
    return judged(deployment, await deployment.tried(signal))
  },
}

function judged({ publicUrl }: Deployment, tried: readonly TriedAddress[]): Finding {
  const bad = tried.filter(({ error }) => error !== undefined)
  const shown = bad.map(({ address, error }) => `${address}: ${error}`).join(', ')
  const good = tried.length - bad.length
  const reached = tried.filter(({ error }) => error === undefined).map(({ address }) => address)
  const there = `port ${portOf(publicUrl)} of ${reached.join(', ')}`
  if (bad.length === 0) return ok(there)
  const areLeft = good > 0 && bad.every(({ address }) => isIP(address) === 6)
  if (areLeft && publicUrl.hostname === 'localhost') {
    return note(`${there}; nothing listens at the other address of localhost (${shown})`)
  }
  if (areLeft && bad.every(({ error }) => hasNoWay(error))) {
    return note(`${there}; this machine has no IPv6 to try ${shown}`)
  }
  return failed(`port ${portOf(publicUrl)} does not accept connections (${shown})`, {
    where: `the proxy and the firewall of ${publicUrl.hostname}`,
    lines: [
      `ss -ltn 'sport = :${portOf(publicUrl)}'  # shows whether something listens, and on which address`,
      `nft list ruleset | grep ${portOf(publicUrl)}`,
    ],
  })
}

function hasNoWay(error: string | undefined): boolean {
  return error !== undefined && NO_WAY.includes(error)
}
