import type { Fingerprint } from '../../core/slot-path.ts'
import type { Reserved } from '../../engine/ports.ts'
import { isReserving, type SlotRecord } from '../../engine/slot-record.ts'

/** Records by fingerprint, with what is looked up by other things kept up to date. */
export interface SlotTable {
  get(fingerprint: Fingerprint): SlotRecord | undefined
  ofResource(resource: string): SlotRecord | undefined
  reserved(owner: string): Reserved
  records(): readonly SlotRecord[]
  /** Stores the record in the place of the one it has the fingerprint of. */
  put(record: SlotRecord): void
  drop(fingerprint: Fingerprint): void
}

const NOTHING: Reserved = { uploads: 0, bytes: 0 }

export function slotTable(): SlotTable {
  const records = new Map<Fingerprint, SlotRecord>()
  const resources = new Map<string, SlotRecord>()
  const reservations = new Map<string, Reserved>()

  function drop(fingerprint: Fingerprint): void {
    const record = records.get(fingerprint)
    if (record === undefined) return
    for (const resource of resourcesOf(record)) resources.delete(resource)
    reserve(record, -1)
    records.delete(fingerprint)
  }

  function reserve(record: SlotRecord, sign: 1 | -1): void {
    if (!isReserving(record)) return
    const before = reservations.get(record.owner) ?? NOTHING
    const uploads = before.uploads + sign
    if (uploads === 0) reservations.delete(record.owner)
    else reservations.set(record.owner, { uploads, bytes: before.bytes + sign * record.size })
  }

  return {
    get: (fingerprint) => records.get(fingerprint),
    ofResource: (resource) => resources.get(resource),
    reserved: (owner) => reservations.get(owner) ?? NOTHING,
    records: () => [...records.values()],
    put: (record) => {
      drop(record.fingerprint)
      records.set(record.fingerprint, record)
      for (const resource of resourcesOf(record)) resources.set(resource, record)
      reserve(record, 1)
    },
    drop,
  }
}

function resourcesOf(record: SlotRecord): readonly string[] {
  return record.uploads.flatMap((upload) => upload.resource ?? [])
}
