import type { Instant } from '../core/clock.ts'
import type { Grant, Scheme } from '../core/grant.ts'
import { Refusal } from '../core/refusals.ts'
import { type SlotPath, fingerprintOf } from '../core/slot-path.ts'
import type { GrantRequest, SizedRequest } from './grant-request.ts'
import { mediaTypeOr } from '../core/media-type.ts'
import { escaped } from './signed-text.ts'

/** What a credential is checked with. */
export interface Check {
  /** Values of the scheme's secrets accepted now. */
  readonly secrets: readonly Buffer[]
  readonly now: Instant
}

/** What a credential is made for. */
export interface SlotToSign {
  readonly path: SlotPath
  /** Length of the upload in bytes. */
  readonly size: number
  /** Until when the slot can be opened; schemes without time leave it out. */
  readonly expiresAt: Instant
  /** `application/octet-stream` where absent, as XMPP servers sign it. */
  readonly contentType?: string
  /** Bare JID; `bearer` needs it. */
  readonly user?: string
  readonly issuedAt?: Instant
  /** When the published file is to be removed (`jwt` only). */
  readonly fileExpiresAt?: Instant
}

/** What a client adds to its request to show a grant. */
export interface Credential {
  /** Query of the URL, without `?`. */
  readonly query?: string
  /** The field `Authorization`. */
  readonly authorization?: string
}

/** One way of signing grants. */
export interface GrantScheme {
  readonly name: Scheme
  /** Whether the request shows a credential of this scheme, right or wrong. */
  presents(request: GrantRequest): boolean
  /** The length that the grant says, before it is verified; a scheme that only signs it has none. */
  grantedSize?(request: GrantRequest): unknown
  /** Throws (or rejects with) `Refusal('grant-invalid')` unless the credential fits the request. */
  verify(request: SizedRequest, check: Check): Grant | Promise<Grant>
  /** Throws a `TypeError` for a slot that the scheme cannot sign. */
  sign(slot: SlotToSign, secret: Buffer): Credential
}

/** The grant as far as every scheme has it; the type is the request's own, or another, where that is valid. */
export function plainGrant(
  scheme: Scheme,
  request: SizedRequest,
  type: string | undefined = request.contentType,
): Grant {
  return {
    scheme,
    path: request.path,
    fingerprint: fingerprintOf(request.path),
    size: request.size,
    contentType: mediaTypeOr(type),
  }
}

/** The refusal of a wrong credential; the facts tell the operator which string was signed, never its MAC. */
export function invalid(
  scheme: Scheme,
  found: { readonly why: string; readonly signed?: string; readonly types?: string },
): Refusal {
  const { why, signed, types } = found
  return new Refusal('grant-invalid', {
    scheme,
    why,
    ...(signed === undefined ? {} : { signed: escaped(signed) }),
    ...(types === undefined ? {} : { types: escaped(types) }),
  })
}
