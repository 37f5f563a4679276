import type { Network } from '../../src/client/platform.ts'

/** A network that changes when it is told to. */
export interface ToldNetwork extends Network {
  readonly change: () => void
}

export function toldNetwork(): ToldNetwork {
  const callbacks = new Set<() => void>()
  return {
    isOnline: () => true,
    onChange(callback, signal) {
      callbacks.add(callback)
      signal.addEventListener('abort', () => callbacks.delete(callback))
    },
    change() {
      for (const callback of callbacks) callback()
    },
  }
}
