import { type TriedAddress, connected, shortReason } from './addresses.ts'
import type { Deployment } from './deployment.ts'

/** Longest that a connection may take to make, in milliseconds. */
const CONNECT_LIMIT = 5_000

/** Connects to every address at once. */
export async function triedAddresses(
  deployment: Pick<Deployment, 'publicUrl' | 'addresses'>,
  signal: AbortSignal,
): Promise<readonly TriedAddress[]> {
  const addresses = await deployment.addresses()
  return await Promise.all(
    addresses.map(async (address) => ({
      address,
      error: await errorAt(deployment, address, signal),
    })),
  )
}

async function errorAt(
  { publicUrl }: Pick<Deployment, 'publicUrl'>,
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

/** The addresses that accept connections from here. */
export async function reachableAddresses(
  { tried }: Deployment,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = await tried(signal)
  return all.filter(({ error }) => error === undefined).map(({ address }) => address)
}

/**
 * The ways of a client that moves: where it begins, and where it comes back. They are the same if
 * the host has one address only.
 */
export async function twoWays(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<{ readonly first: string | undefined; readonly other: string | undefined }> {
  const reachable = await reachableAddresses(deployment, signal)
  return { first: reachable.at(0), other: reachable.at(-1) }
}
