import { type JsonObject, decodedObject, isJsonObject } from '../core/json-object.ts'
import type { ProofFailure } from './verdict.ts'

/** A DPoP proof (RFC 9449 §4.2) with everything in it that can be judged without a signature. */
export interface DpopProof {
  /** The compact JWS (RFC 7515 §7.1) as it was shown. */
  readonly text: string
  readonly jwk: DpopKey
  readonly claims: JsonObject
}

/** A public key of a curve that a client's secure hardware or library has. */
export type DpopKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }

/** Signature algorithms of DPoP proofs; the last two are one (RFC 9864 §2.2). Never symmetric, never `none`. */
export const DPOP_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519']

const LONGEST_PROOF = 4096
const COMPACT = /^(?<header>[\w-]+)\.(?<payload>[\w-]+)\.[\w-]+$/u

/** Reads a proof, with what is wrong in its form; the signature is not looked at. */
export function parseDpop(text: string): DpopProof | ProofFailure {
  if (text.length > LONGEST_PROOF) return 'malformed'
  const { header: headerPart = '', payload = '' } = COMPACT.exec(text)?.groups ?? {}
  const header = decodedObject(headerPart)
  const claims = decodedObject(payload)
  if (header === undefined || claims === undefined) return 'malformed'
  const jwk = keyOfHeader(header)
  return typeof jwk === 'string' ? jwk : { text, jwk, claims }
}

function keyOfHeader(header: JsonObject): DpopKey | ProofFailure {
  // An extension that must be understood (RFC 7515 §4.1.11) is none of ours.
  if (header['typ'] !== 'dpop+jwt' || 'crit' in header) return 'malformed'
  const { alg } = header
  if (typeof alg !== 'string' || !DPOP_ALGORITHMS.includes(alg)) return 'algorithm'
  const jwk = dpopKey(header['jwk'])
  return jwk !== undefined && (jwk.kty === 'EC') === (alg === 'ES256') ? jwk : 'key'
}

/** A key as RFC 9449 §4.2 wants it: public, of a kind we know. */
function dpopKey(jwk: unknown): DpopKey | undefined {
  // A private key that was shown is nobody's any more.
  if (!isJsonObject(jwk) || 'd' in jwk) return undefined
  const { kty, crv, x, y } = jwk
  if (typeof x !== 'string') return undefined
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x }
  if (kty === 'EC' && crv === 'P-256' && typeof y === 'string') return { kty, crv, x, y }
  return undefined
}
