/**
 * Why a proof is none; for logs and audit, never for the client.
 *
 * - `absent`, `malformed`: there is nothing to check
 * - `unknown-session`: no session, or one that is not bound to such a key
 * - `expired`: the challenge was good for a shorter time
 * - `foreign`: right key, but a challenge that we did not make for this session; or the proof of another session
 * - `address`: right key, but a challenge made for this session at another address (or `foreign`);
 *   no sign of an attack, a fresh challenge helps
 * - `wrong`: another MAC or signature
 * - `used`: right, but shown before
 * - `nonce`: the nonce (RFC 9449 §8) is missing, too old or not ours; a fresh one helps
 * - `algorithm`, `key`, `method`, `url`, `credential`, `time`: a DPoP proof with another one than it must have
 */
export type ProofFailure =
  | 'absent'
  | 'malformed'
  | 'unknown-session'
  | 'expired'
  | 'foreign'
  | 'address'
  | 'wrong'
  | 'used'
  | 'nonce'
  | 'algorithm'
  | 'key'
  | 'method'
  | 'url'
  | 'credential'
  | 'time'

export type ProofVerdict =
  /** `jkt`: thumbprint (RFC 7638) of the key that made a DPoP proof. */
  | { readonly kind: 'proved'; readonly jkt?: string }
  | { readonly kind: 'refused'; readonly why: ProofFailure }

export function refused(why: ProofFailure): ProofVerdict {
  return { kind: 'refused', why }
}
