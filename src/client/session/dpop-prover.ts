import * as HEADER from '../../wire/header-fields.ts'
import type { SavedState } from '../platform.ts'
import type { UploadRequest } from '../transport.ts'
import { base64url } from './base64url.ts'
import { type Key, type Prover, type ProverNeeds, encoded, isKey, randomBytes } from './prover.ts'
import { signedUrl } from './signed-url.ts'

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const EC = { kty: 'EC', crv: 'P-256' }

/** A key of the client's own. */
interface OwnKey {
  readonly key: Key
  /** Its public part, as the server gets it (RFC 7518 §6.2). */
  readonly jwk: { readonly x?: string | undefined; readonly y?: string | undefined }
}

/** Proves with a key of the client's own (DPoP, RFC 9449; ES256). */
export function dpopProver(needs: ProverNeeds): Prover {
  const { keepsKeys, saved, clock = Date.now, random = randomBytes } = needs
  let own: Promise<OwnKey> | undefined
  let nonce: string | undefined
  const ownKey = async (): Promise<OwnKey> => await (own ??= madeOf(saved, !keepsKeys))
  return {
    async fields(request, id) {
      const { origin, path } = signedUrl(request.url)
      const claims = {
        htm: request.method,
        htu: origin + path,
        ath: await sha256(credentialOf(request, id)),
        jti: base64url(random(16)),
        iat: Math.floor(clock() / 1000),
        nonce,
      }
      const dpop = await signed(claims, await ownKey())
      return { [HEADER.dpop]: dpop, ...(id !== undefined && { [HEADER.sessionId]: id }) }
    },
    async learn({ status, headers }) {
      const told = headers.get(HEADER.dpopNonce)
      nonce = told ?? nonce
      const lacksNonce = /use_dpop_nonce/u.test(headers.get(HEADER.wwwAuthenticate) ?? '')
      return status === 401 && lacksNonce && told !== null
    },
    async saved() {
      const { key, jwk } = await ownKey()
      const { x, y } = jwk
      if (keepsKeys) return { x, y, key }
      const { d } = await crypto.subtle.exportKey('jwk', key)
      return { x, y, d }
    },
  }
}

async function madeOf({ x, y, d, key }: SavedState, isExtractable: boolean): Promise<OwnKey> {
  const { subtle } = crypto
  const jwk = { ...EC, x: textOf(x), y: textOf(y) }
  if (isKey(key)) return { key, jwk }
  if (typeof d === 'string') {
    return {
      key: await subtle.importKey('jwk', { ...jwk, d }, ECDSA, isExtractable, ['sign']),
      jwk,
    }
  }
  const { privateKey, publicKey } = await subtle.generateKey(ECDSA, isExtractable, [
    'sign',
    'verify',
  ])
  const made = await subtle.exportKey('jwk', publicKey)
  return { key: privateKey, jwk: { ...EC, x: made.x, y: made.y } }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The proof is about the credential that the request shows, since it does not cover the query. */
function credentialOf({ url, headers }: UploadRequest, id: string | undefined): string {
  const authorization = new Headers(headers).get(HEADER.authorization)
  if (authorization !== null) return authorization.replace(/^\S+ +/u, '')
  const query = new URL(url).searchParams
  const mac = ['v', 'v2', 'v3', 'token'].map((name) => query.get(name)).find(Boolean)
  return id ?? mac?.toLowerCase() ?? ''
}

/** A JWS in compact form (RFC 7515 §7.1). */
async function signed(claims: object, { key, jwk }: OwnKey): Promise<string> {
  const parts = [{ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims]
  const text = parts.map((part) => base64url(encoded(JSON.stringify(part)))).join('.')
  const signature = await crypto.subtle.sign(ECDSA, key, encoded(text))
  return `${text}.${base64url(signature)}`
}

async function sha256(text: string): Promise<string> {
  return base64url(await crypto.subtle.digest('SHA-256', encoded(text)))
}
