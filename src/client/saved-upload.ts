import { answered } from './answered.ts'
import type { Spoken } from './faces/discovery.ts'
import type { SavedState, UploadStore } from './platform.ts'
import type { Slot } from './slot.ts'
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
  /** Leaves what is remembered to others. */
  close(): Promise<void>
}

/** Remembers nothing. */
export const NO_MEMORY: Memory = {
  recall: async () => undefined,
  keep: async () => {},
  forget: async () => {},
  close: async () => {},
}

/** What an upload is remembered as, and where. */
export interface Remembered {
  readonly size: number
  readonly version: string | undefined
  readonly store: UploadStore
  readonly id: string
}

/**
 * Remembers an upload, nothing if another one of that name is under way. What the store has not done when the signal
 * fires is not waited for.
 */
export async function memoryIn(
  { store, id, size, version }: Remembered,
  signal: AbortSignal,
): Promise<Memory> {
  const close = store.hold ? await answered(store.hold(id), signal) : async () => {}
  if (!close) return NO_MEMORY
  const forget = async (): Promise<void> => await answered(store.remove(id), signal)
  return {
    close,
    forget,
    async recall() {
      const state = await answered(store.load(id), signal)
      const saved = state && savedUpload(state)
      if (!saved || (state['size'] === size && state['version'] === version)) return saved
      await forget()
      throw changed()
    },
    async keep({ slot, spoken, ...saved }) {
      const state = { slot: { ...slot }, ...spoken, ...saved, size, version }
      await answered(store.save(id, state), signal)
    },
  }
}

/** Nothing if it is none that goes on. */
export function savedUpload({ slot, face, chunk, ...rest }: SavedState): SavedUpload | undefined {
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
