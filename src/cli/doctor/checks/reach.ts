import { isIP } from 'node:net'
import { isLoopbackHost } from '../../../core/listen-address.ts'
import { addressesOf, shortReason, connected, portOf } from '../addresses.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, note, ok } from '../finding.ts'

/** What the machine says that has no way to IPv6 itself; nothing is wrong with the server then. */
const NO_WAY = ['ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTUNREACH', 'EAFNOSUPPORT']

/** Longest that a connection may take to make, in milliseconds. */
const CONNECT_LIMIT = 5_000

/** Clients pick any of the addresses; one that is silent costs them its time-out. */
export const reachCheck: Check = {
  name: 'reach',
  about: 'each address of the host accepts connections',
  needs: ['names'],
  async run(deployment, signal) {
    const addresses = await addressesOf(deployment.publicUrl)
    const tried = await Promise.all(
      addresses.map(async (address) => ({
        address,
        error: await errorOf(deployment, address, signal),
      })),
    )
    return judged(deployment, tried)
  },
}

interface Tried {
  readonly address: string
  /** Nothing if the connection stood. */
  readonly error: string | undefined
}

async function errorOf(
  { publicUrl }: Deployment,
  address: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_LIMIT)])
  try {
    using _socket = await connected(publicUrl, address, limit)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return limit.aborted ? 'no answer' : shortReason(error)
  }
}

function judged({ publicUrl }: Deployment, tried: readonly Tried[]): Finding {
  const bad = tried.filter(({ error }) => error !== undefined)
  const shown = bad.map(({ address, error }) => `${address}: ${error}`).join(', ')
  const good = tried.length - bad.length
  if (bad.length === 0 || (good > 0 && isLoopbackHost(publicUrl.hostname))) {
    const reached = tried.filter(({ error }) => error === undefined)
    return ok(`port ${portOf(publicUrl)} of ${reached.map(({ address }) => address).join(', ')}`)
  }
  if (good > 0 && bad.every(({ address, error }) => isIP(address) === 6 && hasNoWay(error))) {
    return note(`this machine has no IPv6 to try ${shown}`)
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
