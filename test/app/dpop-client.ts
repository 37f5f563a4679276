import assert from 'node:assert/strict'
import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  generateKeyPairSync,
  randomUUID,
  sign,
} from 'node:crypto'
import { systemClock } from '../../src/core/clock.ts'
import { type ProvingClient, provingClient } from './session-client.ts'
import { type RawRequest, type Reply, ask, having } from './wire-client.ts'

type Json = Readonly<Record<string, unknown>>

/** A key that only its client has. */
export interface DpopKey {
  readonly alg: 'ES256' | 'EdDSA'
  readonly jwk: JsonWebKey
  readonly privateKey: KeyObject
}

export function dpopKey(alg: DpopKey['alg'] = 'ES256'): DpopKey {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  return { alg, privateKey, jwk: publicKey.export({ format: 'jwk' }) }
}

/** What a proof covers (RFC 9449 §4.2). */
export interface Covered {
  readonly htm: string
  /** Of the public URL. */
  readonly htu: string
  /** What `ath` is the hash of. */
  readonly credential: string
  readonly nonce: string
}

/** How a proof differs from a right one. */
export interface Spoiled {
  readonly header?: Json
  readonly claims?: Json
  /** Signs in another way. */
  readonly signature?: (signed: string) => Buffer
}

/** A proof as RFC 9449 describes it, or nearly. */
export function dpopProof(key: DpopKey, covered: Covered, spoiled: Spoiled = {}): string {
  const { alg, jwk, privateKey } = key
  const { htm, htu, credential, nonce } = covered
  const ath = createHash('sha256').update(credential).digest('base64url')
  const claims = { htm, htu, ath, nonce, jti: randomUUID(), iat: Math.floor(systemClock() / 1000) }
  const parts = [
    { typ: 'dpop+jwt', alg, jwk, ...spoiled.header },
    { ...claims, ...spoiled.claims },
  ]
  const signed = parts.map(encoded).join('.')
  const algorithm = alg === 'ES256' ? 'sha256' : null
  const signature =
    spoiled.signature?.(signed) ??
    sign(algorithm, Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** The nonce that an answer brings. */
export function nonceIn({ headers }: Pick<Reply, 'headers'>): string {
  return headers['dpop-nonce'] ?? ''
}

function encoded(part: Json): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** A session that is bound to a key of the client's. */
export interface DpopSession {
  readonly id: string
  readonly key: DpopKey
  /** The newest. */
  readonly nonce: string
}

/** What a right proof of the request covers. */
export function coveredBy(
  { method = 'PUT', target, headers = {} }: RawRequest,
  { id, nonce }: Pick<DpopSession, 'id' | 'nonce'>,
): Covered {
  const [path = '', query = ''] = target.split('?')
  const [, mac = ''] = /^(?:v|v2|token)=([^&]+)/u.exec(query) ?? []
  const [, credential = id === '' ? mac : id] = headers['Authorization']?.split(' ') ?? []
  return { htm: method, htu: `http://files.example${path}`, credential, nonce }
}

/** The request with a proof. */
export function dpopProved<R extends RawRequest>(
  request: R,
  session: DpopSession,
  spoiled: Spoiled = {},
): R {
  const proof = dpopProof(session.key, coveredBy(request, session), spoiled)
  return having(request, { ...(session.id && { 'X-Session-ID': session.id }), DPoP: proof })
}

/** Opens a session by a creation that shows a proof: first without a nonce, then with the one that it was given. */
export async function openedByDpop(
  site: { readonly port: number },
  creation: RawRequest,
  key: DpopKey = dpopKey(),
): Promise<{ readonly reply: Reply; readonly session: DpopSession }> {
  const unknown = { id: '', key, nonce: '' }
  const asked = await ask(site.port, dpopProved(creation, unknown))
  assert.equal(asked.status, 401)
  const nonce = nonceIn(asked)
  const reply = await ask(site.port, dpopProved(creation, { ...unknown, nonce }))
  assert.equal(reply.status, 201, reply.body.toString())
  return { reply, session: { id: reply.headers['x-session-id'] ?? '', key, nonce: nonceIn(reply) } }
}

/** A client whose session is bound to a key of its own. */
export function dpopClient(site: { readonly port: number }, session: DpopSession): ProvingClient {
  return provingClient(site, session, {
    prove: (request, held) => dpopProved(request, held),
    bare: (request, held) => dpopProved(request, held),
    told: (reply) => (nonceIn(reply) === '' ? undefined : { nonce: nonceIn(reply) }),
  })
}
