import type { IncomingHttpHeaders } from 'node:http'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import type { ClientAddress, NetworkPrefix } from '../core/client-address.ts'
import { type Hop, forwardedForHops, forwardedHops } from './forwarded-hops.ts'

/** Where a client's address is read from. */
export type ClientAddressSource = 'x-forwarded-for' | 'forwarded' | 'peer'

/** Which field is believed, and from whom; made by {@link clientAddressPolicy}. */
export interface ClientAddressPolicy {
  readonly source: ClientAddressSource
  readonly trusts: (address: IpAddress) => boolean
  /** Answers given before, by what they were made of: most requests come from where others came from. */
  readonly known: LRUCache<string, ClientAddress>
}

/** Clients remembered. */
const REMEMBERED = 4096

/** The other end of a connection; a UNIX socket's other end has no address and is trusted. */
export type Peer = { readonly kind: 'unix' } | { readonly kind: 'ip'; readonly address: string }

type IpAddress = ipaddr.IPv4 | ipaddr.IPv6

const PREFIX_LENGTH = { ipv4: 24, ipv6: 56 } as const

function isNetworkPrefix(text: string): text is NetworkPrefix {
  return text === 'unix' || text.includes('/')
}

function networkPrefix(text: string): NetworkPrefix {
  if (!isNetworkPrefix(text)) throw new TypeError(`${text} is no network prefix`)
  return text
}

const UNIX: ClientAddress = { address: 'unix', network: networkPrefix('unix') }

/**
 * Compiles a policy. `trustedProxies` are CIDR blocks or single addresses.
 * Throws an `Error` that names the block which is none.
 */
export function clientAddressPolicy(options: {
  readonly source: ClientAddressSource
  readonly trustedProxies: readonly string[]
}): ClientAddressPolicy {
  const blocks = options.trustedProxies.map(parseBlock)
  return {
    source: options.source,
    known: new LRUCache({ max: REMEMBERED }),
    trusts: (address) =>
      blocks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits)),
  }
}

/**
 * The client behind trusted proxies: the right-most hop that is not trusted. A hop that cannot be
 * read ends the walk at the last one that could; fields from untrusted peers are not read at all.
 */
export function clientAddressOf(
  peer: Peer,
  headers: IncomingHttpHeaders,
  policy: ClientAddressPolicy,
): ClientAddress {
  const field = fieldOf(headers, policy.source)
  const key = `${peer.kind === 'ip' ? peer.address : ''} ${field}`
  const known = policy.known.get(key)
  if (known !== undefined) return known
  const found = readAddress(peer, field, policy)
  policy.known.set(key, found)
  return found
}

/** Where programs of this machine are, proxies among them that are not trusted. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const

/**
 * Tells networks that hold a proxy: a trusted one, or a program of this machine. Requests from there may be anybody's,
 * because a proxy may not say for whom it asks. Throws like {@link clientAddressPolicy}.
 */
export function proxyNetworks(
  trustedProxies: readonly string[],
): (network: NetworkPrefix) => boolean {
  const blocks = [...LOOPBACK, ...trustedProxies].map(parseBlock)
  return (network) => {
    if (network === UNIX.network) return true
    const [base, bits] = parseBlock(network)
    return blocks.some(
      ([other, length]) =>
        other.kind() === base.kind() && other.match(base, Math.min(bits, length)),
    )
  }
}

/** Fields by which proxies tell of themselves, or of whom they speak for. */
const PROXY_FIELD = /^(?:via|forwarded|x-forwarded-.+|x-real-ip)$/u

/** Whether a proxy passed the request on: a trusted one, or one that says so itself. */
export function cameByProxy(
  peer: Peer,
  headers: IncomingHttpHeaders,
  policy: ClientAddressPolicy,
): boolean {
  if (peer.kind === 'unix' || Object.keys(headers).some((name) => PROXY_FIELD.test(name)))
    return true
  const address = parseAddress(peer.address)
  return address !== undefined && policy.trusts(address)
}

function readAddress(peer: Peer, field: string, policy: ClientAddressPolicy): ClientAddress {
  let nearest = peer.kind === 'ip' ? parseAddress(peer.address) : undefined
  if (nearest !== undefined && !policy.trusts(nearest)) return clientAddress(nearest)
  for (const hop of hopsOf(field, policy.source).toReversed()) {
    const address = parseAddress(hop)
    if (address === undefined) break
    nearest = address
    if (!policy.trusts(address)) break
  }
  return nearest === undefined ? UNIX : clientAddress(nearest)
}

/** The one field that is read; empty if there is none. */
function fieldOf(headers: IncomingHttpHeaders, source: ClientAddressSource): string {
  const value = source === 'peer' ? undefined : headers[source]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}

function hopsOf(field: string, source: ClientAddressSource): Hop[] {
  if (field === '') return []
  return source === 'forwarded' ? forwardedHops(field) : forwardedForHops(field)
}

function parseAddress(text: Hop): IpAddress | undefined {
  if (text === undefined) return undefined
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  // A zone (fe80::1%eth0) is the name of our own interface, not part of the client's address.
  const [unscoped = ''] = text.split('%', 1)
  if (!unscoped.includes(':') || !ipaddr.IPv6.isValid(unscoped)) return undefined
  const address = ipaddr.IPv6.parse(unscoped)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

function clientAddress(address: IpAddress): ClientAddress {
  const bits = PREFIX_LENGTH[address.kind()]
  return {
    address: textOf(address),
    network: networkPrefix(`${networkText(address, bits)}/${bits}`),
  }
}

function networkText(address: IpAddress, bits: number): string {
  const bytes = address.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0))
  return textOf(ipaddr.fromByteArray(bytes))
}

function textOf(address: IpAddress): string {
  return address.kind() === 'ipv6' && 'toRFC5952String' in address
    ? address.toRFC5952String()
    : address.toString()
}

function parseBlock(text: string): [IpAddress, number] {
  const [base, bits] = text.split('/', 2)
  const address = parseAddress(base)
  const width = address?.kind() === 'ipv4' ? 32 : 128
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (address === undefined || length > width) {
    throw new Error(`${text} is neither an address nor a block like 192.0.2.0/24`)
  }
  return [address, length]
}
