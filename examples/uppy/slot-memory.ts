import { type Slot, parseSlot } from './slot.ts'

/** The slots of unfinished files. */
export interface SlotMemory {
  /** The file's slot; a new one if there is none. */
  readonly slotFor: (fileId: string, request: () => Promise<Slot>) => Promise<Slot>
  readonly forget: (fileId: string) => void
}

function keyOf(fileId: string): string {
  return `slot/${fileId}`
}

/** Keeps slots beside what tus-js-client keeps: with another slot, it would begin anew. */
export function slotMemory(storage: Storage): SlotMemory {
  return {
    async slotFor(fileId, request) {
      const kept = parseSlot(JSON.parse(storage.getItem(keyOf(fileId)) ?? 'null'))
      if (kept) return kept
      const slot = await request()
      storage.setItem(keyOf(fileId), JSON.stringify(slot))
      return slot
    },
    forget: (fileId) => storage.removeItem(keyOf(fileId)),
  }
}
