import { decimal } from '../../core/decimal.ts'
import { Refusal } from '../../core/refusals.ts'

/** What `Content-Range` says of a PUT. */
export type SentRange =
  /** `bytes *` `/total`: how far is the upload? */
  | { readonly kind: 'query'; readonly total: number | undefined }
  /** The bytes `start` (inclusive) to `end` (exclusive) of a file. */
  | {
      readonly kind: 'bytes'
      readonly start: number
      readonly end: number
      readonly total: number | undefined
    }

const CONTENT_RANGE = /^bytes +(?:(?<first>\d+)-(?<last>\d+)|\*)\/(?:(?<total>\d+)|\*)$/iu

/**
 * Reads the `Content-Range` of a PUT (RFC 9110 §14.4, §14.5); an unknown total (`*`) is nothing.
 * Refuses (`bad-request`) everything else: another unit, several ranges, an end before the start
 * or beyond the total.
 */
export function parseContentRange(field: string): SentRange {
  const groups = CONTENT_RANGE.exec(field)?.groups
  if (groups === undefined) throw malformed()
  const total = numberOf(groups['total'])
  const start = numberOf(groups['first'])
  const last = numberOf(groups['last'])
  if (start === undefined || last === undefined) return { kind: 'query', total }
  if (last < start || last >= (total ?? Infinity)) throw malformed()
  return { kind: 'bytes', start, end: last + 1, total }
}

function numberOf(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined
  const number = decimal(digits)
  if (number === undefined) throw malformed()
  return number
}

function malformed(): Refusal {
  return new Refusal('bad-request', { why: 'unusable Content-Range' })
}
