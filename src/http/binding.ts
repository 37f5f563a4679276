import cluster from 'node:cluster'
import { once } from 'node:events'
import { access, chmod, constants, lstat, rm } from 'node:fs/promises'
import { type Server, connect, createServer } from 'node:net'
import { dirname } from 'node:path'
import { OperatorError } from '../core/operator-error.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { errorCode } from '../core/error-code.ts'

/** The server cannot wait for connections where it was told to; the message says what to do. */
export class ListenError extends OperatorError {
  constructor(address: ListenAddress, problem: string, options?: ErrorOptions) {
    super(`Cannot listen on ${addressText(address)}: ${problem}`)
    this.name = 'ListenError'
    this.cause = options?.cause
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or choose another address',
  EACCES:
    'permission denied; choose a port from 1024 up, grant CAP_NET_BIND_SERVICE, or let the folder be written to',
  EADDRNOTAVAIL: 'this machine does not have the address; choose one of its own, or 0.0.0.0 or ::',
  ENOENT: 'the folder does not exist; create it',
  ENOTFOUND: 'the host name is not known; write the address itself',
  EBADF: 'the service manager passed no such socket; check the socket unit',
  EINVAL: 'the service manager passed no such socket; check the socket unit',
}

const NO_SOCKET = 'a file that is no socket lies there; remove it or choose another path'

/** An address as it is written in the configuration. */
function addressText(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  if (address.kind === 'fd') return `fd:${address.fd}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${host}:${address.port}`
}

/**
 * Lets a server listen; resolves to the address with the port it got. A UNIX socket that nobody
 * answers on is replaced, and gets `socketMode`: its group may connect. Rejects with {@link ListenError}.
 */
export async function bind(
  server: Server,
  address: ListenAddress,
  socketMode = 0o660,
): Promise<ListenAddress> {
  // Of a worker the primary process listens, and all workers share the socket.
  if (address.kind === 'unix' && cluster.isPrimary) await removeStaleSocket(address)
  await listen(server, address)
  if (address.kind === 'unix') await restrict(server, { ...address, mode: socketMode })
  const bound = server.address()
  if (address.kind !== 'tcp' || bound === null || typeof bound === 'string') return address
  return { ...address, port: bound.port }
}

/** How an address would do: it can be listened on, somebody does already, or it can't be, for the reason in `problem`. */
export type AddressTrial =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'unusable'; readonly problem: string }

/**
 * Tries whether an address could be listened on, for a moment and without disturbing whoever does. A
 * UNIX socket is not made, only its place is looked at; a passed-on socket can be judged by nobody but the
 * service that it is passed to, and counts as free.
 */
export async function tryAddress(address: ListenAddress): Promise<AddressTrial> {
  if (address.kind === 'fd') return { kind: 'free' }
  if (address.kind === 'unix') return await trySocketPath(address)
  const server = createServer()
  try {
    await listen(server, address)
  } catch (error) {
    return trialOf(error instanceof ListenError ? error.cause : error)
  }
  const isClosed = once(server, 'close')
  server.close()
  await isClosed
  return { kind: 'free' }
}

async function trySocketPath({ path }: ListenAddress & { kind: 'unix' }): Promise<AddressTrial> {
  try {
    const found = await lstat(path).catch(() => undefined)
    if (found?.isSocket() === false) return { kind: 'unusable', problem: NO_SOCKET }
    if (found !== undefined && (await answers(path))) return { kind: 'taken' }
    await access(dirname(path), constants.W_OK | constants.X_OK)
    return { kind: 'free' }
  } catch (error) {
    return trialOf(error)
  }
}

function trialOf(error: unknown): AddressTrial {
  const taken = errorCode(error) === 'EADDRINUSE'
  return taken ? { kind: 'taken' } : { kind: 'unusable', problem: remedyFor(error) }
}

async function restrict(
  server: Server,
  { mode, ...address }: ListenAddress & { kind: 'unix'; mode: number },
): Promise<void> {
  try {
    await chmod(address.path, mode)
  } catch (cause) {
    server.close()
    throw new ListenError(address, `its mode cannot be set: ${remedyFor(cause)}`, { cause })
  }
}

async function listen(server: Server, address: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(listenOptions(address), resolve)
  try {
    await promise
  } catch (cause) {
    throw new ListenError(address, remedyFor(cause), { cause })
  } finally {
    server.off('error', reject)
  }
}

function listenOptions(
  address: ListenAddress,
): { host: string; port: number } | { path: string } | { fd: number } {
  if (address.kind === 'tcp') return { host: address.host, port: address.port }
  return address.kind === 'unix' ? { path: address.path } : { fd: address.fd }
}

function remedyFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return REMEDIES[errorCode(error) ?? ''] ?? error.message
}

/** Takes a socket away on which nobody answers. Rejects with {@link ListenError} if somebody does. */
export async function removeStaleSocket(address: ListenAddress & { kind: 'unix' }): Promise<void> {
  const found = await lstat(address.path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new ListenError(address, NO_SOCKET)
  }
  if (await answers(address.path)) throw new ListenError(address, `${REMEDIES['EADDRINUSE']}`)
  await rm(address.path)
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path, () => resolve(true))
  socket.once('error', () => resolve(false))
  const answered = await promise
  socket.destroy()
  return answered
}
