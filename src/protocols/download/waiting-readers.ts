import type { NetworkPrefix } from '../../core/client-address.ts'
import type { SlotPath } from '../../core/slot-path.ts'

/** Somebody who asks for a file that is still being uploaded. */
export interface Reader {
  readonly path: SlotPath
  readonly network: NetworkPrefix
}

/** How many readers may wait at a time. */
export interface WaitingLimits {
  readonly perPath: number
  readonly perNetwork: number
  readonly total: number
}

/** Counts who waits, so that waiting costs a server only so much. */
export interface WaitingReaders {
  /** Gives the reader a place until it is disposed of; nothing if a limit is reached. */
  enter(reader: Reader): Disposable | undefined
  /** How many wait now. */
  count(): number
}

const WAITING_LIMITS: WaitingLimits = { perPath: 4, perNetwork: 16, total: 256 }

/** An empty waiting room with room for `limits`. */
export function waitingReaders(limits: WaitingLimits = WAITING_LIMITS): WaitingReaders {
  const paths = tally<SlotPath>()
  const networks = tally<NetworkPrefix>()
  let total = 0
  return {
    count: () => total,
    enter({ path, network }) {
      if (total >= limits.total) return undefined
      if (paths.count(path) >= limits.perPath) return undefined
      if (networks.count(network) >= limits.perNetwork) return undefined
      using places = new DisposableStack()
      total += 1
      places.defer(() => (total -= 1))
      places.use(paths.add(path))
      places.use(networks.add(network))
      // Moved out: a stack runs once, so that a place can't be given back twice.
      return places.move()
    },
  }
}

interface Tally<Key> {
  count(key: Key): number
  add(key: Key): Disposable
}

/** Counts per key; keys that fell to zero are forgotten. */
function tally<Key>(): Tally<Key> {
  const counts = new Map<Key, number>()
  const change = (key: Key, by: number): void => {
    const next = (counts.get(key) ?? 0) + by
    if (next === 0) counts.delete(key)
    else counts.set(key, next)
  }
  return {
    count: (key) => counts.get(key) ?? 0,
    add(key) {
      change(key, 1)
      return { [Symbol.dispose]: () => change(key, -1) }
    },
  }
}
