import { Refusal } from '../core/refusals.ts'
import type { SlotPath } from '../core/slot-path.ts'

/** What of a request can show a grant. Nothing else of it is ever looked at. */
export interface GrantRequest {
  readonly path: SlotPath
  readonly query: URLSearchParams
  /** The field `Authorization` as sent. */
  readonly authorization: string | undefined
  /** The field `Content-Type` as sent, or what the protocol has in its place. */
  readonly contentType: string | undefined
  /** More of what the client calls the type, where the protocol has several places for it. */
  readonly otherTypes?: readonly string[]
  /**
   * Length of the whole upload in bytes; nothing if the request states none although it must;
   * `as-granted` if it need not, because the grant says it.
   */
  readonly size: number | 'as-granted' | undefined
}

/** A request that states a length that an upload can have. */
export interface SizedRequest extends GrantRequest {
  readonly size: number
}

/** Largest number of 15 decimal digits: sizes beyond are written differently by different signers. */
const MAX_SIZE = 999_999_999_999_999

/**
 * The request with its length, which is `granted` where it leaves that to the grant. Refusals:
 * `length-required` (411) without a length, `bad-request` for one no upload can have, and where
 * the grant does not say it either.
 */
export function sized(request: GrantRequest, granted: () => unknown): SizedRequest {
  if (isSized(request)) return request
  if (request.size === undefined) throw new Refusal('length-required')
  const size = request.size === 'as-granted' ? granted() : request.size
  if (size === undefined) throw new Refusal('bad-request', { why: 'no length stated' })
  if (!isSize(size)) throw new Refusal('bad-request', { why: 'impossible length' })
  return { ...request, size }
}

function isSized(request: GrantRequest): request is SizedRequest {
  return isSize(request.size)
}

/** Whether the number is one that 1–15 decimal digits can write. */
export function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SIZE
}

/**
 * A parameter of the query; nothing if it is missing or empty.
 * Refuses a repeated one, which could mean two things.
 */
export function parameter(request: GrantRequest, name: string): string | undefined {
  // Asked first: of all the parameters that are looked for a request has one.
  if (!request.query.has(name)) return undefined
  const [value, ...more] = request.query.getAll(name)
  if (more.length > 0) throw new Refusal('grant-invalid', { why: `repeated parameter ${name}` })
  return value === '' ? undefined : value
}

/** The token of `Authorization: Bearer` (RFC 6750 §2.1), or `DPoP` (RFC 9449 §7.1). */
export function bearerToken(request: GrantRequest): string | undefined {
  return /^(?:bearer|dpop) +([\w.~+/-]+=*)$/iu.exec(request.authorization ?? '')?.[1]
}
