import type { Network } from '../../src/client/platform.ts'

/** A network that changes when it is told to. */
export interface ToldNetwork extends Network {
  readonly change: () => void
}

export function toldNetwork(isOnline: () => boolean = () => true): ToldNetwork {
  const told = new EventTarget()
  return {
    isOnline,
    onChange: (callback, signal) => told.addEventListener('change', () => callback(), { signal }),
    change: () => void told.dispatchEvent(new Event('change')),
  }
}
