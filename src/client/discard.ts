import { rufh } from './faces/rufh.ts'
import { tus } from './faces/tus.ts'
import type { SavedUpload } from './saved-upload.ts'
import { dpopProver } from './session/dpop-prover.ts'
import { hmacProver } from './session/hmac-prover.ts'
import { openSession } from './session/session-keeper.ts'
import type { Transport, UploadRequest } from './transport.ts'

/** Tells the server that an upload is given up (DELETE). Rejects if there is no answer. */
export async function discard(
  { resource: url, session, spoken }: SavedUpload,
  { transport, signal }: Pick<UploadRequest, 'signal'> & { readonly transport: Transport },
): Promise<void> {
  if (url === undefined) return
  const isTus = spoken.face === 'tus'
  const kind = isTus ? 'none' : session?.['kind'] === 'dpop' ? 'dpop' : 'hmac'
  const prover = kind === 'dpop' ? dpopProver : hmacProver
  const keeper = openSession(kind, { transport, keepsKeys: true, saved: session, prover })
  const headers = (isTus ? tus : rufh).question
  await keeper.transport({ method: 'DELETE', url, headers, signal })
}
