import { filesystemBlobStore } from '../blobs/filesystem/blob-store.ts'
import type { Config } from '../config/options.ts'
import type { BlobStore, SlotStore } from '../engine/ports.ts'
import { memorySlotStore } from '../stores/memory/slot-store.ts'
import { sqliteSlotStore } from '../stores/sqlite/slot-store.ts'
import { lockState } from '../stores/sqlite/state-lock.ts'

/** The stores that the configuration names, opened. Disposing closes them. */
export interface Stores extends AsyncDisposable {
  readonly slots: SlotStore
  readonly blobs: BlobStore
}

/** Opens the configured stores for a server: no other may use them at the same time. */
export async function openStoresAlone(config: Config): Promise<Stores> {
  await using opened = new AsyncDisposableStack()
  const { backend, path } = config.sessionStore
  if (backend === 'sqlite') opened.use(lockState(path))
  const stores = opened.use(await openStores(config))
  const kept = opened.move()
  return { ...stores, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Opens the configured stores; rejects with what is wrong with a file or folder. */
export async function openStores(config: Config): Promise<Stores> {
  await using opened = new AsyncDisposableStack()
  const slots = opened.use(openSlots(config))
  const blobs = opened.use(await filesystemBlobStore({ folder: config.storage.url.folder }))
  const kept = opened.move()
  return { slots, blobs, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

function openSlots({ sessionStore, storage }: Config): SlotStore {
  if (sessionStore.backend === 'memory') return memorySlotStore()
  const durability = storage.fsync === 'never' ? 'normal' : 'full'
  return sqliteSlotStore({ path: sessionStore.path, durability })
}
