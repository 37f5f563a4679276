import type { NetworkPrefix } from '../core/client-address.ts'

/** Refusals of one network that are told one by one in {@link WINDOW}. */
const TOLD = 20

/** How long refusals are counted together, in milliseconds. */
const WINDOW = 60_000

/** Networks told apart in one window; all others share one count. */
const NETWORKS = 4096

/** Keeps those who send forged credentials from filling log and audit trail. Disposing ends the window. */
export interface RefusalBound extends Disposable {
  /** Counts a refusal; whether it is one of the first of its network in this window. */
  admits(network: NetworkPrefix): boolean
}

/** A network and how many of its refusals were not told; without a network: of many together. */
export type Untold = (network: NetworkPrefix | undefined, refusals: number) => void

/**
 * The first {@link TOLD} refusals of a network in a minute are admitted, the others counted and
 * told as one when the minute is over.
 */
export function refusalBound(tell: Untold): RefusalBound {
  const counts = new Map<NetworkPrefix | undefined, number>()
  let timer: NodeJS.Timeout | undefined

  function end(): void {
    clearTimeout(timer)
    timer = undefined
    const ended = [...counts]
    counts.clear()
    for (const [network, count] of ended) if (count > TOLD) tell(network, count - TOLD)
  }

  return {
    admits(network) {
      // A window nobody waits for: it keeps no process alive.
      timer ??= setTimeout(end, WINDOW).unref()
      const known = counts.has(network) || counts.size < NETWORKS ? network : undefined
      const count = (counts.get(known) ?? 0) + 1
      counts.set(known, count)
      return count <= TOLD
    },
    [Symbol.dispose]: end,
  }
}
