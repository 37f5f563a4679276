import type { Lease } from '../../engine/ports.ts'
import { type SlotRecord, isReserving } from '../../engine/slot-record.ts'
import type { Core } from '../server-core.ts'

/** Mends what a process left of the slots that it held, as a start does for all slots. */
export async function mendLeft(
  leases: readonly Lease[],
  { engine, stores }: Pick<Core, 'engine' | 'stores'>,
): Promise<void> {
  await engine.recover(left())

  async function* left(): AsyncGenerator<SlotRecord> {
    for (const { slot } of leases) {
      const record = await stores.slots.find(slot)
      if (record !== undefined && isReserving(record)) yield record
    }
  }
}
