import { answered } from './answered.ts'
import { discard } from './discard.ts'
import { lateStore } from './late-store.ts'
import type { Platform } from './platform.ts'
import { memoryIn } from './saved-upload.ts'
import { systemTimeAndChance as time } from './time-and-chance.ts'
import type { UploadOptions } from './upload-options.ts'

/**
 * Gives an unfinished upload up that is remembered under `id`: its keys and addresses are forgotten, and the server is
 * told so (DELETE), which it may never hear; it drops what does not go on by itself. Does nothing where nothing is
 * remembered, or while the upload is under way: abort it first. Rejects with the store's error, or if the store takes
 * more than ten seconds.
 */
export type Forget = (
  id: string,
  options?: Pick<UploadOptions, 'store' | 'transport'>,
) => Promise<void>

/** Milliseconds that all of it may take. */
const PATIENCE = 10_000

/** How a platform gives uploads up. */
export function forgetting(platform: Platform): Forget {
  return async (id, options = {}) => {
    const { transport = platform.transport } = options
    const signal = AbortSignal.timeout(PATIENCE)
    const store = options.store ?? (await lateStore(platform, { ...platform, signal, time }))
    const memory = await memoryIn({ store, id }, signal)
    if (!memory) return
    try {
      const saved = await memory.recall()
      await memory.forget()
      // What it does not hear, the server finds out by itself.
      if (saved) await answered(discard(saved, { transport, signal }), signal).catch(() => {})
    } finally {
      await memory.close()
    }
  }
}
