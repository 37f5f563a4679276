import { once } from 'node:events'
import { lookup } from 'node:dns/promises'
import { type LookupFunction, type Socket, connect, isIP } from 'node:net'
import { errorCode } from '../../core/error-code.ts'

/** What of a URL a connection needs. */
interface Host {
  readonly hostname: string
  readonly port: string
  readonly protocol: string
}

/** An address of the host. */
export interface TriedAddress {
  readonly address: string
  /** Why it accepts no connection; nothing if it does. */
  readonly error: string | undefined
}

/** The addresses of a URL's host, as the system finds them; rejects if there are none. */
export async function addressesOf({ hostname }: Host): Promise<readonly string[]> {
  const found = await lookup(bareHost(hostname), { all: true })
  return [...new Set(found.map(({ address }) => address))]
}

/** Finds these addresses for any name, whatever DNS says. */
export function fixedLookup(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_name, { all }, answer) => {
    if (all === true) return answer(null, found)
    const [first] = found
    return answer(null, first?.address ?? '', first?.family)
  }
}

/** A URL's host without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/gu, '')
}

/** The port of a URL, that of its scheme where it has none. */
export function portOf({ port, protocol }: Host): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}

/** A connection to one of the addresses; rejects if there is none to be made. */
export async function connected(
  host: Host,
  address: string,
  signal: AbortSignal,
): Promise<Socket & Disposable> {
  const socket = connect({ host: address, port: portOf(host), signal })
  await once(socket, 'connect', { signal })
  // What becomes of it later is told by whatever was asked over it.
  socket.on('error', () => {})
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() })
}

/** What the system calls an error; its text where it has no name for it. */
export function shortReason(error: unknown): string {
  return errorCode(error) ?? (error instanceof Error ? error.message : String(error))
}
