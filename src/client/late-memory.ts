import { lateCode } from './late-code.ts'
import { lateStore } from './late-store.ts'
import type { PersistenceNeeds } from './persistence.ts'
import type { Platform } from './platform.ts'
import type { Memory } from './saved-upload.ts'
import type { Source } from './source.ts'
import type { UploadOptions } from './upload-options.ts'

/** An upload to be remembered. */
interface Wanted extends Pick<UploadOptions, 'id' | 'store'> {
  readonly source: Blob | Source
  /** Fires when the store is not waited for any more. */
  readonly late: AbortSignal
}

/**
 * Remembers an upload by code that is loaded with the first of them, and as it is wished: else in the platform's store, by
 * the source's name. Nothing if it is not wished, or there is nothing to remember it by. Rejects like {@link lateCode}.
 */
export async function lateMemory(
  platform: Platform,
  { source, id, store: wished, late }: Wanted,
  needs: PersistenceNeeds,
): Promise<Memory | undefined> {
  if (!(wished ?? platform.store)) return undefined
  const [store, { memoryOf }] = await Promise.all([
    wished ?? lateStore(platform, needs),
    lateCode(async () => await import('./saved-upload.ts'), needs),
  ])
  return await memoryOf(source, { store, id }, late)
}
