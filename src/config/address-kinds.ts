import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../core/listen-address.ts'
import { list, plain, textFrom } from './kinds.ts'
import { BadValue, type Option, type Row } from './option.ts'

/** Where to listen: TCP, UNIX socket or an inherited descriptor; an empty text is no listener. */
export function listenAddresses(
  row: Row<readonly string[]> & { readonly empty?: string },
): Option<readonly ListenAddress[]> {
  const option = list({
    ...row,
    allowed:
      '"host:port", "[IPv6]:port", "unix:/path", "fd:3", or a list of them' +
      (row.empty === undefined ? '' : `; "" for ${row.empty}`),
    parse: parseListenAddress,
    show: showListenAddress,
  })
  return {
    ...option,
    parse: (raw, place) => {
      const addresses = option.parse(raw, place)
      if (addresses.length === 0 && row.empty === undefined) {
        throw new BadValue('there must be at least one address')
      }
      return addresses
    },
  }
}

/** Networks in CIDR notation; a bare address is a network of one. */
export function networks(row: Row<readonly string[]>): Option<readonly string[]> {
  return list({
    ...row,
    allowed: 'a list of networks such as ["127.0.0.1/32", "fd00::/8"]',
    parse: parseNetwork,
    show: (network) => network,
  })
}

/** An http or https URL whose path ends in a slash (added where it is missing). */
export function baseUrl(row: Row<string>): Option<URL> {
  return {
    ...plain(row),
    allowed: 'an http:// or https:// URL without user, query and fragment; it may have a path',
    parse: (raw) => parseBaseUrl(textFrom(raw)),
    show: (url) => url.href,
  }
}

/** Parses one address; relative socket paths start at `folder`. */
function parseListenAddress(text: string, folder: string): ListenAddress {
  if (text.startsWith('unix:')) return unixAddress(text.slice('unix:'.length), folder)
  const [, fd] = /^fd:(\d{1,6})$/u.exec(text) ?? []
  if (fd !== undefined) return { kind: 'fd', fd: Number(fd) }
  return tcpAddress(text)
}

/** Writes an address as the configuration would. */
export function showListenAddress(address: ListenAddress): string {
  switch (address.kind) {
    case 'unix':
      return `unix:${address.path}`
    case 'fd':
      return `fd:${address.fd}`
    case 'tcp':
      return address.host.includes(':')
        ? `[${address.host}]:${address.port}`
        : `${address.host}:${address.port}`
  }
}

function unixAddress(path: string, folder: string): ListenAddress {
  if (path === '') throw new BadValue('the path of the socket is missing')
  return { kind: 'unix', path: resolve(folder, path) }
}

function tcpAddress(text: string): ListenAddress {
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/u.exec(text) ?? []
  const host = v6 ?? name
  if (host === undefined || digits === undefined) {
    throw new BadValue(`"${text}" is not an address with a port`, addressRemedy(text))
  }
  if (!isHost(host, v6 !== undefined)) throw new BadValue(`"${host}" is not a host`)
  if (Number(digits) > 65_535) throw new BadValue(`there is no port ${digits}`)
  return { kind: 'tcp', host, port: Number(digits) }
}

function isHost(host: string, bracketed: boolean): boolean {
  if (bracketed) return ipaddr.IPv6.isValid(host)
  if (/^[\d.]+$/u.test(host)) return ipaddr.IPv4.isValidFourPartDecimal(host)
  return /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/u.test(host)
}

function addressRemedy(text: string): { remedy?: string } {
  if (ipaddr.IPv6.isValid(text)) return { remedy: `write "[${text}]:5050"` }
  if (/^:?\d{1,5}$/u.test(text)) return { remedy: `write "127.0.0.1:${text.replace(':', '')}"` }
  return {}
}

function parseNetwork(text: string): string {
  if (ipaddr.isValidCIDR(text)) return text
  if (ipaddr.IPv6.isValid(text)) return `${text}/128`
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return `${text}/32`
  throw new BadValue(`"${text}" is not a network`)
}

function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw new BadValue('this is not a URL')
  if (!['http:', 'https:'].includes(url.protocol)) throw new BadValue('this is not a web address')
  if (url.username + url.password + url.search + url.hash !== '') {
    throw new BadValue('user, query and fragment have no place here')
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
