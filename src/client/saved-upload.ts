import { answered } from './answered.ts'
import type { Spoken } from './faces/discovery.ts'
import type { SavedState, UploadStore } from './platform.ts'
import type { Slot } from './slot.ts'
import type { Source } from './source.ts'
import { identityOf } from './source-identity.ts'
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
  /** Whether `CryptoKey`s can be kept as they are. */
  readonly keepsKeys: boolean
}

/** What an upload is remembered as, and where. */
export interface Remembered {
  readonly store: UploadStore | false
  /** Nothing: there is nothing to tell it from others by. */
  readonly id: string | undefined
  /** Nothing: whatever file it is of. */
  readonly size?: number
  readonly version?: string | undefined
}

/** Remembers the upload of a source, by its own name if no `id` is given; else as {@link memoryIn}. */
export async function memoryOf(
  source: Blob | Source,
  { store, id }: Pick<Remembered, 'store' | 'id'>,
  signal: AbortSignal,
): Promise<Memory | undefined> {
  const { id: own, version } = await identityOf(source)
  return await memoryIn({ store, id: id ?? own, size: source.size, version }, signal)
}

/**
 * Remembers an upload. Nothing does without a store and a name, or while another one of that name is under way. What
 * the store has not done when the signal fires is not waited for.
 */
export async function memoryIn(
  { store, id, size, version }: Remembered,
  signal: AbortSignal,
): Promise<Memory | undefined> {
  if (!store || id === undefined) return undefined
  const close = store.hold ? await answered(store.hold(id), signal) : async () => {}
  if (!close) return undefined
  const forget = async (): Promise<void> => await answered(store.remove(id), signal)
  const { keepsKeys } = store
  return {
    keepsKeys,
    close,
    forget,
    async recall() {
      const state = await answered(store.load(id), signal)
      const saved = state && savedUpload(state)
      const isOther =
        size !== undefined && (state?.['size'] !== size || state['version'] !== version)
      if (!saved || !isOther) return saved
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
