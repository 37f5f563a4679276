import type { Lease } from '../../engine/ports.ts'
import { type SlotRecord, isReserving } from '../../engine/slot-record.ts'
import type { Core } from '../server-core.ts'

/** Slots mended at a time: their commits share the disk's syncs. */
const AT_A_TIME = 16

/**
 * Mends what a process left of the slots it held, as a start does for all slots. Each lease is given up
 * as soon as its slot is mended, so that a client who waits for it goes on at once.
 */
export async function mendLeft(
  leases: readonly Lease[],
  { engine, stores }: Pick<Core, 'engine' | 'stores'>,
): Promise<void> {
  // One iterator for all: each takes the next slot that nobody has taken yet.
  const remaining = leases.values()
  const mend = async (): Promise<void> => await engine.recover(left())
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, leases.length) }, mend))

  async function* left(): AsyncGenerator<SlotRecord> {
    for (const lease of remaining) {
      using _lease = lease
      const record = await stores.slots.find(lease.slot)
      if (record !== undefined && isReserving(record)) yield record
    }
  }
}
