import { compactVerify, errors } from 'jose'
import { CLOCK_SKEW, type Instant } from '../core/clock.ts'
import type { Grant } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { type GrantRequest, type SizedRequest, bearerToken, isSize } from './grant-request.ts'
import { OCTET_STREAM, mediaTypeOr } from '../core/media-type.ts'
import { mac } from '../core/mac.ts'
import { type GrantScheme, type SlotToSign, invalid, plainGrant } from './scheme.ts'
import { hasControl, instantOf, keyOf, secondsOf } from './signed-text.ts'

type Claims = Readonly<Record<string, unknown>>

/**
 * `Authorization: Bearer` with a JWT (RFC 7519, HS256 and nothing else): Prosody
 * `mod_http_file_share` with an external base URL.
 */
export const jwt: GrantScheme = {
  name: 'jwt',
  presents(request) {
    return jwtOf(request) !== undefined
  },
  grantedSize(request) {
    const payload = jwtOf(request)?.split('.')[1] ?? ''
    return parsedClaims(Buffer.from(payload, 'base64url'))?.['filesize']
  },
  async verify(request, check) {
    const text = jwtOf(request) ?? ''
    const claims = await verifiedClaims(text, check.secrets)
    if (claims === undefined) throw refused(text, 'wrong signature or header')
    const wrong = wrongClaim(claims, request, check.now)
    if (wrong !== undefined) throw refused(text, `claim ${wrong}`)
    refuseOtherSize(claims['filesize'], request.size)
    const grant = grantOf(claims, request)
    if (grant.fileExpiresAt !== undefined && grant.fileExpiresAt + CLOCK_SKEW < check.now) {
      throw new Refusal('grant-expired', { scheme: 'jwt', why: 'the file itself has expired' })
    }
    return grant
  },
  sign(slot, secret) {
    const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claimsToSign(slot))}`
    return { authorization: `Bearer ${signed}.${mac(secret, signed).toString('base64url')}` }
  },
}

function jwtOf(request: GrantRequest): string | undefined {
  const text = bearerToken(request)
  return text !== undefined && /^[\w-]+\.[\w-]*\.[\w-]*$/u.test(text) ? text : undefined
}

/** The claims if one of the secrets signed them, with the one algorithm we know. */
async function verifiedClaims(
  text: string,
  secrets: readonly Buffer[],
): Promise<Claims | undefined> {
  for (const secret of secrets) {
    try {
      // Keys are tried one after the other: there are hardly ever two.
      const verified = await compactVerify(text, keyOf(secret), { algorithms: ['HS256'] })
      // Other kinds of JWT under the same secret are not grants (RFC 8725 §3.11).
      if (!['JWT', 'jwt', undefined].includes(verified.protectedHeader.typ)) return undefined
      return parsedClaims(verified.payload)
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
    }
  }
  return undefined
}

function parsedClaims(payload: Uint8Array): Claims | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return isClaims(parsed) ? parsed : undefined
  } catch {
    return undefined // Signed, but neither UTF-8 nor JSON: not a JWT.
  }
}

function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Name of the first claim that does not fit the request, the size apart. */
function wrongClaim(claims: Claims, request: SizedRequest, now: Instant): string | undefined {
  const latest = now + CLOCK_SKEW
  const fits: Readonly<Record<string, boolean>> = {
    slot: typeof claims['slot'] === 'string',
    filename: namedPath(claims) === request.path,
    filesize: isSize(claims['filesize']),
    exp: time(claims['exp']) !== undefined,
    iat: isTimeBefore(claims['iat'], latest),
    nbf: isTimeBefore(claims['nbf'], latest),
    expires: isTimeBefore(claims['expires'], Infinity),
    sub: claims['sub'] === undefined || isPlainText(claims['sub']),
  }
  return Object.keys(fits).find((name) => !fits[name])
}

function namedPath(claims: Claims): string {
  return `${textOf(claims['slot']) ?? ''}/${textOf(claims['filename']) ?? ''}`
}

function grantOf(claims: Claims, request: SizedRequest): Grant {
  const user = textOf(claims['sub'])
  const issuedAt = time(claims['iat'])
  const expiresAt = time(claims['exp'])
  const fileExpiresAt = time(claims['expires'])
  return {
    ...plainGrant('jwt', request),
    contentType: mediaTypeOr(textOf(claims['filetype'])),
    ...(user === undefined || user === '' ? {} : { user }),
    ...(issuedAt === undefined ? {} : { issuedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(fileExpiresAt === undefined ? {} : { fileExpiresAt }),
  }
}

function refuseOtherSize(filesize: unknown, size: number): void {
  if (typeof filesize !== 'number' || size === filesize) return
  throw new Refusal(size > filesize ? 'file-too-large' : 'size-mismatch', {
    scheme: 'jwt',
    filesize,
    size,
  })
}

/** Whether an optional time is absent or lies before `limit`. */
function isTimeBefore(claim: unknown, limit: Instant): boolean {
  if (claim === undefined) return true
  const instant = time(claim)
  return instant !== undefined && instant <= limit
}

/** A NumericDate (RFC 7519 §2) as an instant. */
function time(claim: unknown): Instant | undefined {
  return typeof claim === 'number' && claim >= 0 ? instantOf(claim) : undefined
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' ? claim : undefined
}

function isPlainText(claim: unknown): boolean {
  return typeof claim === 'string' && !hasControl(claim)
}

function refused(text: string, why: string): Refusal {
  const claims = Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()
  return invalid('jwt', { why, signed: claims })
}

function claimsToSign(slot: SlotToSign): Claims {
  const [, id, filename] = /^([^/]+)\/(.+)$/su.exec(slot.path) ?? []
  if (id === undefined) throw new TypeError('The scheme jwt signs paths of two segments or more')
  return {
    slot: id,
    filename,
    filesize: slot.size,
    filetype: slot.contentType ?? OCTET_STREAM,
    sub: slot.user,
    iat: slot.issuedAt === undefined ? undefined : secondsOf(slot.issuedAt),
    exp: secondsOf(slot.expiresAt),
    expires: slot.fileExpiresAt === undefined ? undefined : secondsOf(slot.fileExpiresAt),
  }
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
