import type { SlotPath } from '../core/slot-path.ts'
import { Refusal } from '../core/refusals.ts'
import { mac } from '../core/mac.ts'
import { type GrantScheme, invalid } from './scheme.ts'
import { isHexMac } from './signed-text.ts'
import { typedMac } from './v2.ts'

/** `?token=`: Metronome `mod_http_upload_external`; signs what v2 signs. */
export const token: GrantScheme = typedMac('token')

/** What signs a DELETE: the keys of the MAC, and the secrets inside the signed string. */
interface DeleteSecrets {
  readonly keys: readonly Buffer[]
  readonly inside: readonly Buffer[]
}

/**
 * Checks Metronome's signed DELETE: HMAC over `path NUL delete-secret`.
 * Refusals: `no-credential`, `grant-invalid`.
 */
export function verifyDeleteToken(
  path: SlotPath,
  query: URLSearchParams,
  secrets: DeleteSecrets,
): void {
  const [shown, ...more] = query.getAll('token')
  if (shown === undefined || shown === '') throw new Refusal('no-credential')
  const fits = secrets.inside.some((inside) =>
    isHexMac(shown, secrets.keys, deleteText(path, inside)),
  )
  if (more.length > 0 || !fits) {
    throw invalid('token', { why: 'wrong MAC of a DELETE', signed: `${path}\0<delete secret>` })
  }
}

/** The `token` of Metronome's signed DELETE, in hex. */
export function deleteToken(path: SlotPath, secrets: { key: Buffer; inside: Buffer }): string {
  return mac(secrets.key, deleteText(path, secrets.inside)).toString('hex')
}

function deleteText(path: SlotPath, inside: Buffer): string {
  return `${path}\0${inside.toString()}`
}
