import type { Spoken } from './faces/discovery.ts'
import type { SavedState, UploadStore } from './platform.ts'
import type { Slot } from './slot.ts'
import type { Source } from './source.ts'
import { changed } from './source-slice.ts'

/** What is remembered of an unfinished upload. */
export interface SavedUpload {
  readonly slot: Slot
  readonly spoken: Spoken
  readonly resource: string | undefined
  readonly session: SavedState | undefined
}

/** What is remembered of one upload, across runs of the program. */
export interface Memory {
  /** Rejects with `UploadError` if what is remembered is of another file. */
  recall(): Promise<SavedUpload | undefined>
  keep(upload: SavedUpload): Promise<void>
  forget(): Promise<void>
}

/** Remembers nothing. */
export const NO_MEMORY: Memory = {
  recall: async () => undefined,
  keep: async () => {},
  forget: async () => {},
}

/** Remembers the upload of `source` under `id`. */
export function memoryIn(store: UploadStore, id: string, source: Source): Memory {
  const { size, version } = source
  return {
    async recall() {
      const state = await store.load(id)
      const saved = state && savedUpload(state)
      if (!saved || (state['size'] === size && state['version'] === version)) return saved
      await store.remove(id)
      throw changed()
    },
    async keep({ slot, spoken, ...saved }) {
      await store.save(id, { slot: { ...slot }, ...spoken, ...saved, size, version })
    },
    forget: async () => await store.remove(id),
  }
}

/** Nothing if it is none that goes on. */
function savedUpload({ slot, face, chunk, ...rest }: SavedState): SavedUpload | undefined {
  const { resource, session } = rest
  if (!isSlot(slot) || (face !== 'rufh' && face !== 'tus') || typeof chunk !== 'number') {
    return undefined
  }
  return {
    slot,
    spoken: { face, chunk },
    resource: typeof resource === 'string' ? resource : undefined,
    session: isRecord(session) ? session : undefined,
  }
}

function isRecord(value: unknown): value is SavedState {
  return typeof value === 'object' && value !== null
}

function isSlot(value: unknown): value is Slot {
  return isRecord(value) && typeof value['put'] === 'string' && typeof value['get'] === 'string'
}
