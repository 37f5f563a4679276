import { filesystemBlobStore } from '../blobs/filesystem/blob-store.ts'
import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import type { BlobStore } from '../engine/ports.ts'
import { processLeases } from '../stores/memory/leases.ts'
import { memoryMarkStore } from '../stores/memory/mark-store.ts'
import { memoryNonceStore } from '../stores/memory/nonce-store.ts'
import { memorySessionStore } from '../stores/memory/session-store.ts'
import { memorySlotStore } from '../stores/memory/slot-store.ts'
import { sqliteMarks } from '../stores/sqlite/mark-store.ts'
import { sqliteNonces } from '../stores/sqlite/nonce-store.ts'
import { sqliteSessions } from '../stores/sqlite/session-store.ts'
import { sqliteSlots } from '../stores/sqlite/slot-store.ts'
import { openState } from '../stores/sqlite/state.ts'
import { lockState } from '../stores/sqlite/state-lock.ts'
import type { Records } from './records.ts'
import { openRedisRecords } from './redis-records.ts'

/** How long a write waits for those of the other workers, in milliseconds: they take turns, in no order. */
const WRITERS_PATIENCE = 10_000

/** The stores that the configuration names, opened. Disposing closes them. */
export interface Stores extends Records, AsyncDisposable {
  readonly blobs: BlobStore
}

/**
 * Opens the configured stores for a server; those of one machine no other server may use at the same
 * time. `warn` is told what the operator should know about them.
 */
export async function openStoresAlone(
  config: Config,
  warn: (text: string) => void,
): Promise<Stores> {
  await using opened = new AsyncDisposableStack()
  const { backend, path } = config.sessionStore
  if (backend === 'sqlite') opened.use(lockState(path))
  const stores = opened.use(await openStores(config))
  stores.warnings.forEach(warn)
  const kept = opened.move()
  return { ...stores, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Opens the configured stores; rejects with what is wrong with a file or folder. */
export async function openStores(config: Config): Promise<Stores> {
  await using opened = new AsyncDisposableStack()
  const records = await openRecords(config, opened)
  const { folder } = config.storage.url
  const blobs = opened.use(await filesystemBlobStore({ folder, isShared: isShared(config) }))
  const kept = opened.move()
  return { ...records, blobs, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Whether several processes share storage folder and records. */
export function isShared({ server, sessionStore }: Config): boolean {
  return server.workers > 1 || sessionStore.backend === 'redis'
}

/** Opens what is kept in records; `opened` is to close it. */
async function openRecords(config: Config, opened: AsyncDisposableStack): Promise<Records> {
  const { server, sessionStore, storage } = config
  if (sessionStore.backend === 'redis') return await openRedisRecords(config, opened)
  const alone = { leases: processLeases(), warnings: [] }
  if (sessionStore.backend === 'memory') {
    return {
      ...alone,
      slots: memorySlotStore(),
      sessions: memorySessionStore(),
      nonces: memoryNonceStore(systemClock),
      marks: () => memoryMarkStore(systemClock),
    }
  }
  const durability = storage.fsync === 'never' ? 'normal' : 'full'
  const waiting = server.workers === 1 ? {} : { busyTimeout: WRITERS_PATIENCE }
  const state = opened.use(openState({ path: sessionStore.path, durability, ...waiting }))
  return {
    ...alone,
    slots: sqliteSlots(state),
    sessions: sqliteSessions(state),
    nonces: sqliteNonces(state, systemClock),
    marks: (list) => sqliteMarks(state, { list, clock: systemClock }),
  }
}
