import { Refusal } from '../core/refusals.ts'
import type { Counters } from './ports.ts'

/**
 * Counts with `counters`, and with `spare` while those cannot be reached: limits never refuse
 * because of them, and are kept as far as one process can.
 */
export function insuredCounters(counters: Counters, spare: Counters): Counters {
  return {
    add: async (name, window) =>
      await insured(
        () => counters.add(name, window),
        () => spare.add(name, window),
      ),
    keep: async (name, counted) =>
      await insured(
        () => counters.keep(name, counted),
        () => spare.keep(name, counted),
      ),
  }
}

async function insured<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first()
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'state-unavailable') throw error
    return await second()
  }
}
