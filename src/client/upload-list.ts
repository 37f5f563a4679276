import type { SlotSource } from './slot.ts'
import type { Source } from './source.ts'
import type { UploadOptions, Uploaded } from './upload-options.ts'

/** One of several files, with options of its own. */
export interface UploadJob<Uploadable = Blob | Source> extends UploadOptions {
  readonly source: Uploadable
  readonly slot: SlotSource
}

/** Options for all of several files. */
export interface UploadAllOptions extends UploadOptions {
  /** So many at a time, at least one, or there is a `RangeError`. Default: 3. */
  readonly limit?: number
}

type UploadOne<Uploadable> = (
  source: Uploadable,
  slot: SlotSource,
  options: UploadOptions,
) => Promise<Uploaded>

/** Uploads several files, some at a time. */
export type UploadAll<Uploadable = Blob | Source> = (
  jobs: readonly UploadJob<Uploadable>[],
  options?: UploadAllOptions,
) => Promise<PromiseSettledResult<Uploaded>[]>

/**
 * Uploads of several files with an `upload` of one. Resolves when all are over, to what became of each, in their
 * order: one that fails keeps none of the others from their end.
 */
export function uploadingAll<Uploadable>(upload: UploadOne<Uploadable>): UploadAll<Uploadable> {
  return async (jobs, { limit = 3, ...options } = {}) => {
    if (!(Number.isInteger(limit) && limit > 0)) throw new RangeError('limit: at least 1')
    const results: PromiseSettledResult<Uploaded>[] = []
    const left = jobs.entries()

    async function work(): Promise<void> {
      for (const [at, { source, slot, ...own }] of left) {
        const [result] = await Promise.allSettled([upload(source, slot, { ...options, ...own })])
        results[at] = result
      }
    }

    await Promise.all(Array.from({ length: limit }, work))
    return results
  }
}
