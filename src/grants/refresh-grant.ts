import { timingSafeEqual } from 'node:crypto'
import { CLOCK_SKEW, type Instant } from '../core/clock.ts'
import { type Grant, SCHEMES, type Scheme } from '../core/grant.ts'
import { type JsonObject, decodedObject } from '../core/json-object.ts'
import { mac } from '../core/mac.ts'
import { mediaTypeOr } from '../core/media-type.ts'
import { randomId } from '../core/random.ts'
import { Refusal } from '../core/refusals.ts'
import { type SlotPath, fingerprintOf, isSlotPath } from '../core/slot-path.ts'
import { type GrantRequest, bearerToken, sized } from './grant-request.ts'
import { invalid } from './scheme.ts'
import { instantOf, secondsOf } from './signed-text.ts'

/** Milliseconds for which a fresh grant opens its slot. */
const LIFE = 24 * 3_600_000

/** The media type of these JWTs (RFC 7519 §5.1): no other one under any key of ours is a grant of this kind. */
const TYPE = 'hfs-refresh+jwt'

/** How all of them begin: the encoding of whole groups of three bytes does not depend on what follows. */
const BEGIN = Buffer.from(`{"typ":"${TYPE}","alg":"HS256","kid":`.slice(0, 48)).toString(
  'base64url',
)

/** Keys that fresh grants are signed with, by name. */
export interface RefreshKeys {
  /** Names the key for new ones. */
  readonly kid: string
  find(kid: string): Buffer | undefined
}

/** The slot that a fresh grant is for, and the session that alone may use it. */
export interface RefreshedSlot {
  readonly path: SlotPath
  readonly size: number
  readonly contentType: string
  /** How the grant was signed that opened the slot. */
  readonly scheme: Scheme
  readonly user?: string
  /** Name of the session. */
  readonly session: string
  /** Which of the session's refreshes this is, from 1. */
  readonly refresh: number
}

/** A fresh grant for `Authorization: Bearer`, and when it ends. */
export interface RefreshToken {
  readonly token: string
  readonly expiresAt: Instant
}

/** Signs a fresh grant: a JWT (RFC 7519, HS256). */
export function signRefresh(slot: RefreshedSlot, keys: RefreshKeys, now: Instant): RefreshToken {
  // Asked once: another key may be current a moment later.
  const { kid } = keys
  const key = keys.find(kid)
  if (key === undefined) throw new TypeError('the key for new grants is not known')
  const expiresAt = now + LIFE
  const claims = {
    slot: slot.path,
    size: slot.size,
    type: slot.contentType,
    scheme: slot.scheme,
    sub: slot.user,
    sid_hash: slot.session,
    refresh: slot.refresh,
    jti: randomId(16),
    iat: secondsOf(now),
    exp: secondsOf(expiresAt),
  }
  const text = `${encoded({ typ: TYPE, alg: 'HS256', kid })}.${encoded(claims)}`
  return { token: `${text}.${mac(key, text).toString('base64url')}`, expiresAt }
}

/** Whether the request shows a fresh grant, right or wrong. */
export function presentsRefresh({ authorization }: GrantRequest): boolean {
  return authorization !== undefined && authorization.includes(BEGIN)
}

/** The grant that the request shows. Refusals: `grant-invalid`, `grant-expired`, `size-mismatch`, `length-required`, `bad-request`. */
export function verifyRefresh(request: GrantRequest, keys: RefreshKeys, now: Instant): Grant {
  const slot = signedSlot(bearerToken(request) ?? '', keys)
  if (slot === undefined || slot.path !== request.path)
    throw invalid('jwt', { why: 'wrong fresh grant' })
  const { size } = sized(request, () => slot.size)
  if (size !== slot.size) throw new Refusal('size-mismatch', { scheme: slot.scheme, size })
  if (slot.expiresAt + CLOCK_SKEW < now) throw new Refusal('grant-expired', { why: 'refreshed' })
  const { path, contentType, scheme, user, issuedAt, expiresAt, session, refresh } = slot
  return {
    scheme,
    path,
    fingerprint: fingerprintOf(path),
    size,
    contentType: mediaTypeOr(contentType),
    ...(user === undefined ? {} : { user }),
    issuedAt,
    expiresAt,
    refresh: { session, number: refresh },
  }
}

/** What one of our keys signed; nothing for any other text. */
function signedSlot(
  token: string,
  keys: RefreshKeys,
): (RefreshedSlot & { issuedAt: Instant; expiresAt: Instant }) | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  const kid = decodedObject(header)?.['kid']
  const key = typeof kid === 'string' ? keys.find(kid) : undefined
  if (key === undefined || more.length > 0) return undefined
  const [shown, made] = [Buffer.from(signature), Buffer.from(signatureOf(key, header, payload))]
  if (shown.length !== made.length || !timingSafeEqual(shown, made)) return undefined
  return slotIn(decodedObject(payload))
}

function signatureOf(key: Buffer, header: string, payload: string): string {
  return mac(key, `${header}.${payload}`).toString('base64url')
}

function slotIn(
  claims: JsonObject | undefined,
): (RefreshedSlot & { issuedAt: Instant; expiresAt: Instant }) | undefined {
  const { slot, size, type, scheme: name, sub, sid_hash: session, refresh, iat, exp } = claims ?? {}
  const scheme = SCHEMES.find((known) => known === name)
  if (typeof slot !== 'string' || !isSlotPath(slot) || scheme === undefined) return undefined
  if (typeof type !== 'string' || typeof session !== 'string') return undefined
  if (typeof size !== 'number' || typeof refresh !== 'number') return undefined
  if (typeof iat !== 'number' || typeof exp !== 'number') return undefined
  return {
    path: slot,
    size,
    contentType: type,
    scheme,
    session,
    refresh,
    issuedAt: instantOf(iat),
    expiresAt: instantOf(exp),
    ...(typeof sub === 'string' ? { user: sub } : {}),
  }
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
