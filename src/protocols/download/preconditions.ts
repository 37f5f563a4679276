import type { IncomingHttpHeaders } from 'node:http'
import type { Instant } from '../../core/clock.ts'

/** What a client's copy is compared with. */
export interface Validators {
  /** Strong entity tag, quotes included. */
  readonly etag: string
  /** In whole seconds, as `Last-Modified` tells it. */
  readonly lastModified: Instant
}

export type Verdict =
  | 'proceed'
  /** The client has the file: 304. */
  | 'not-modified'
  /** The client wanted another file: 412. */
  | 'failed'

const TAGS = /(?:W\/)?"[\u0021\u0023-\u007e\u0080-\u00ff]*"/gu
const WEEKDAY = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/u

/** Evaluates the conditions of a GET or HEAD, in the order of RFC 9110 §13.2.2. */
export function evaluateConditions(headers: IncomingHttpHeaders, file: Validators): Verdict {
  if (isForbidden(headers, file)) return 'failed'
  return isKnown(headers, file) ? 'not-modified' : 'proceed'
}

/** Whether `If-Range` lets the `Range` beside it count (RFC 9110 §13.1.5); true without `If-Range`. */
export function rangeApplies(headers: IncomingHttpHeaders, file: Validators): boolean {
  const condition = headers['if-range']
  if (condition === undefined) return true
  if (typeof condition !== 'string') return false
  // An entity tag must match strongly, a date exactly.
  if (condition.includes('"')) return condition.trim() === file.etag
  return parseHttpDate(condition) === file.lastModified
}

function isForbidden(headers: IncomingHttpHeaders, file: Validators): boolean {
  const match = headers['if-match']
  if (match !== undefined) return match.trim() !== '*' && !tagsOf(match).includes(file.etag)
  const since = parseHttpDate(headers['if-unmodified-since'])
  return since !== undefined && file.lastModified > since
}

function isKnown(headers: IncomingHttpHeaders, file: Validators): boolean {
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) {
    return noneMatch.trim() === '*' || tagsOf(noneMatch).some((tag) => strong(tag) === file.etag)
  }
  const since = parseHttpDate(headers['if-modified-since'])
  return since !== undefined && file.lastModified <= since
}

function tagsOf(field: string): readonly string[] {
  return field.match(TAGS) ?? []
}

function strong(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

/** All three forms of RFC 9110 §5.6.7; asctime's says no zone and means GMT. Others: nothing. */
function parseHttpDate(field: string | undefined): Instant | undefined {
  if (field === undefined || !WEEKDAY.test(field)) return undefined
  const instant = Date.parse(field.endsWith('GMT') ? field : `${field} GMT`)
  return Number.isNaN(instant) ? undefined : instant
}
