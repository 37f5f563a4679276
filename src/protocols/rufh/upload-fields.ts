import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../../core/refusals.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type Draft, draftOf } from './drafts.ts'
import { type Field, booleanIn, integerIn } from '../../http/structured-values.ts'

/** What a request says of its upload; a field of the wrong type says nothing (RFC 9651 §2.2). */
export interface UploadFields {
  readonly draft: Draft
  /** Whether its body brings the last byte. */
  readonly completes: boolean | undefined
  /** Where its body begins. */
  readonly offset: number | undefined
  /** Length of the whole upload. */
  readonly length: number | undefined
}

/** Reads the fields of an upload. Refuses (`bad-request`) numbers that no upload has. */
export function uploadFields(headers: IncomingHttpHeaders): UploadFields {
  const draft = draftOf(headers)
  const { field, complete } = draft.completeness
  const said = booleanIn(headers[field])
  return {
    draft,
    completes: said === undefined ? undefined : said === complete,
    offset: countIn(headers[HEADER.uploadOffset]),
    length: countIn(headers[HEADER.uploadLength]),
  }
}

/** Fields that say something of an upload, and so nothing in a question. */
const OF_UPLOADS = [
  HEADER.uploadComplete,
  HEADER.uploadIncomplete,
  HEADER.uploadLength,
  HEADER.uploadOffset,
]

/** Refuses (`bad-request`) a HEAD or DELETE that carries fields of an upload, where its version says so. */
export function refuseStrayFields(draft: Draft, headers: IncomingHttpHeaders): void {
  if (!draft.refusesStrayFields) return
  const stray = OF_UPLOADS.find((name) => headers[name] !== undefined)
  if (stray !== undefined) throw new Refusal('bad-request', { why: `${stray} in a question` })
}

/** The length of the upload by its request: as stated, else where a completing body ends. */
export function statedLength(
  { completes, length, offset = 0 }: UploadFields,
  contentLength: number | undefined,
): number | undefined {
  const end = contentLength === undefined ? undefined : offset + contentLength
  if (length === undefined) return completes === true ? end : undefined
  const fits = completes === true ? end === length : (end ?? 0) <= length
  if (end !== undefined && !fits) throw new Refusal('length-inconsistent', { length, end })
  return length
}

/** Digits that write no number of an upload: they have two ways to write one, or are more than 15. */
const UNUSABLE = /^ *(?:0\d|\d{16})/u

function countIn(field: Field): number | undefined {
  if (typeof field === 'string' && UNUSABLE.test(field)) {
    throw new Refusal('bad-request', { why: 'unusable number' })
  }
  const count = integerIn(field)
  if (count !== undefined && count < 0) throw new Refusal('bad-request', { why: 'negative number' })
  return count
}
