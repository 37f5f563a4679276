import { noSession } from './course.ts'
import { rufh } from './faces/rufh.ts'
import { tus } from './faces/tus.ts'
import type { Platform } from './platform.ts'
import { type SavedUpload, savedUpload } from './saved-upload.ts'
import { openSession } from './session/session-keeper.ts'
import type { Transport } from './transport.ts'
import type { UploadOptions } from './upload-options.ts'

/**
 * Gives an unfinished upload up that is remembered under `id`: its keys and addresses are forgotten, and the server is
 * told so (DELETE), which it may never hear; it drops what does not go on by itself. Does nothing where nothing is
 * remembered, or while the upload is under way: abort it first.
 */
export type Forget = (
  id: string,
  options?: Pick<UploadOptions, 'store' | 'transport'>,
) => Promise<void>

/** Milliseconds that the server has to answer. */
const PATIENCE = 10_000

/** How a platform gives uploads up. */
export function forgetting(platform: Platform): Forget {
  return async (id, options = {}) => {
    const { store = platform.store ?? false, transport = platform.transport } = options
    if (!store) return
    const letGo = store.hold ? await store.hold(id) : async () => {}
    if (!letGo) return
    try {
      const state = await store.load(id)
      await store.remove(id)
      const saved = state && savedUpload(state)
      if (saved) await discard(saved, transport)
    } finally {
      await letGo()
    }
  }
}

async function discard(saved: SavedUpload, transport: Transport): Promise<void> {
  const { resource: url, session, spoken } = saved
  if (url === undefined) return
  const isTus = spoken.face === 'tus'
  const kind = session?.['kind'] === 'dpop' ? 'dpop' : 'hmac'
  const keeper =
    session && !isTus
      ? openSession(kind, { transport, keepsKeys: true, saved: session })
      : noSession(transport)
  const headers = (isTus ? tus : rufh).question
  const signal = AbortSignal.timeout(PATIENCE)
  // What it does not hear, the server finds out by itself.
  await keeper.transport({ method: 'DELETE', url, headers, signal }).catch(() => {})
}
