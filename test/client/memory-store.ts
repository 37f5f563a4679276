import type { SavedState, UploadStore } from '../../src/client/platform.ts'

/** Remembers by structured clone, as IndexedDB does. */
export function memoryStore(): UploadStore {
  const states = new Map<string, SavedState>()
  const held = new Set<string>()
  return {
    keepsKeys: true,
    load: async (id) => states.get(id),
    save: async (id, state) => void states.set(id, structuredClone(state)),
    remove: async (id) => void states.delete(id),
    async hold(id) {
      if (held.has(id)) return undefined
      held.add(id)
      return async () => void held.delete(id)
    },
  }
}
