import type { Fingerprint } from '../../core/slot-path.ts'
import type { SlotStore } from '../../engine/ports.ts'
import { isReserving, type LeaseToken, type SlotRecord } from '../../engine/slot-record.ts'
import { type SlotTable, slotTable } from './slot-table.ts'

/** Records of slots in the memory of this process: gone with it, so for tests and trials. */
export function memorySlotStore(): SlotStore {
  const table = slotTable()
  const claims = new Map<string, Fingerprint>()

  function isHeldBy(fingerprint: Fingerprint, held: LeaseToken): boolean {
    const lease = table.get(fingerprint)?.lease
    return lease?.epoch === held.epoch && lease.id === held.id
  }

  return {
    find: async (fingerprint) => table.get(fingerprint),
    findByResource: async (resource) => table.ofResource(resource),
    create: async (record) => {
      const present = table.get(record.fingerprint)
      if (present === undefined) table.put(record)
      return present ?? record
    },
    replace: async (record, held) => {
      const mine = isHeldBy(record.fingerprint, held)
      if (mine) table.put(record)
      return mine
    },
    remove: async (fingerprint, held) => {
      const mine = isHeldBy(fingerprint, held)
      if (mine) table.drop(fingerprint)
      return mine
    },
    reserved: async (owner) => table.reserved(owner),
    claim: async (claim, fingerprint) => {
      const present = claims.get(claim)
      if (present === undefined) claims.set(claim, fingerprint)
      return present ?? fingerprint
    },
    due: async (now, limit) =>
      table
        .records()
        .filter((record) => dueAt(record) <= now)
        .toSorted((a, b) => dueAt(a) - dueAt(b))
        .slice(0, limit),
    reserving: () => stillThere(table, table.records().filter(isReserving)),
    all: () => stillThere(table, table.records().toSorted(byFingerprint)),
    ping: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Yields the present records of those listed. */
async function* stillThere(
  table: SlotTable,
  listed: readonly SlotRecord[],
): AsyncGenerator<SlotRecord> {
  for (const { fingerprint } of listed) {
    const record = table.get(fingerprint)
    if (record !== undefined) yield record
  }
}

function byFingerprint(a: SlotRecord, b: SlotRecord): number {
  return a.fingerprint < b.fingerprint ? -1 : 1
}

function dueAt(record: SlotRecord): number {
  return record.dueAt ?? Number.POSITIVE_INFINITY
}
