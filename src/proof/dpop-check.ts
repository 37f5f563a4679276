import { hash } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, errors, importJWK } from 'jose'
import { CLOCK_SKEW, type Instant } from '../core/clock.ts'
import { DPOP_ALGORITHMS, type DpopProof, parseDpop } from './dpop-proof.ts'
import type { ProofNeeds } from './needs.ts'
import type { ShownProof, SignedRequest } from './signed-request.ts'
import { signedPath } from './signed-target.ts'
import { type Stamp, isOurStamp, readStamp, stampText } from './stamp.ts'
import { type ProofFailure, type ProofVerdict, refused } from './verdict.ts'

const NONCE_LIFE = 5 * 60_000

/** The clock of a phone may be off by this much: freshness is the nonce's. */
const PHONE_SKEW = 24 * 60 * 60_000

const NONCE_BYTES = 16

/** A nonce (RFC 9449 §8) that is about nothing but its end. */
export function dpopNonceText({ keys, clock, newId }: ProofNeeds): string {
  const [key] = keys.dpopNonceKeys
  return stampText(key, '', { expiresAt: clock() + NONCE_LIFE, id: newId(NONCE_BYTES) })
}

/** Checks DPoP proofs, as `Proofs.checkDpop` says. */
export function dpopCheck(
  needs: ProofNeeds,
): (shown: ShownProof, request: SignedRequest, jkt: string | undefined) => Promise<ProofVerdict> {
  return async (shown, request, jkt) => {
    if (shown.dpop === undefined) return refused('absent')
    const proof = parseDpop(shown.dpop)
    if (typeof proof === 'string') return refused(proof)
    const wrong = wrongClaim(proof, { shown, request }, needs)
    if (wrong !== undefined) return refused(wrong)
    const nonce = goodNonce(proof, needs)
    if (nonce === undefined) return refused('nonce')
    const failure = await signatureFailure(proof)
    if (failure !== undefined) return refused(failure)
    const thumbprint = await calculateJwkThumbprint(proof.jwk)
    if (jkt !== undefined && jkt !== thumbprint) return refused('key')
    return await redeemed({ proof, nonce, thumbprint }, needs)
  }
}

/** The first claim that does not fit the request (RFC 9449 §4.3), the nonce apart. */
function wrongClaim(
  { claims }: DpopProof,
  { shown, request }: { shown: ShownProof; request: SignedRequest },
  { clock, publicUrl }: ProofNeeds,
): ProofFailure | undefined {
  const { htm, htu, ath, iat, jti } = claims
  if (typeof jti !== 'string' || jti === '') return 'malformed'
  if (htm !== request.method) return 'method'
  if (!isSameUrl(htu, publicUrl.origin, request.target)) return 'url'
  const credential = credentialOf(shown, request)
  if (credential === undefined || ath !== hash('sha256', credential, 'base64url')) {
    return 'credential'
  }
  return isNear(iat, clock()) ? undefined : 'time'
}

/** Query and fragment do not count (RFC 9449 §4.3, 9), the spelling of the path neither. */
function isSameUrl(htu: unknown, origin: string, target: string): boolean {
  const url = typeof htu === 'string' ? URL.parse(htu) : null
  if (url === null || url.origin !== origin) return false
  const [path] = target.split('?', 1)
  return signedPath(url.pathname) === path
}

/** What the proof's `ath` covers: since `htu` has no query, a proof must name the credential wherever that stands. */
function credentialOf(shown: ShownProof, request: SignedRequest): string | undefined {
  const authorization = request.authorization?.replace(/^\S+ +/u, '')
  return authorization ?? shown.sessionId ?? request.queryMac
}

function isNear(iat: unknown, now: Instant): boolean {
  return typeof iat === 'number' && Math.abs(iat * 1000 - now) <= PHONE_SKEW
}

function goodNonce({ claims }: DpopProof, { keys, clock }: ProofNeeds): Stamp | undefined {
  const { nonce } = claims
  const stamp = typeof nonce === 'string' ? readStamp(nonce) : undefined
  if (stamp === undefined || stamp.expiresAt <= clock()) return undefined
  return isOurStamp(stamp, keys.dpopNonceKeys, '') ? stamp : undefined
}

async function signatureFailure({ text, jwk }: DpopProof): Promise<ProofFailure | undefined> {
  try {
    const key = await importJWK(jwk, jwk.kty === 'EC' ? 'ES256' : 'EdDSA')
    await compactVerify(text, key, { algorithms: DPOP_ALGORITHMS })
    return undefined
  } catch (error) {
    if (error instanceof errors.JOSEError) return 'wrong'
    // No point of the curve.
    if (error instanceof DOMException) return 'key'
    throw error
  }
}

/** Comes last, so that nobody uses up what another may show. */
async function redeemed(
  { proof, nonce, thumbprint }: { proof: DpopProof; nonce: Stamp; thumbprint: string },
  { nonces }: ProofNeeds,
): Promise<ProofVerdict> {
  const name = hash('sha256', `${thumbprint}\0${String(proof.claims['jti'])}`, 'base64url')
  // A server whose clock is behind takes the nonce for as much longer.
  const isFirst = await nonces.redeem(name, nonce.expiresAt + CLOCK_SKEW)
  return isFirst ? { kind: 'proved', jkt: thumbprint } : refused('used')
}
