import type { IncomingHttpHeaders } from 'node:http'
import { decimal } from '../../core/decimal.ts'
import { Refusal } from '../../core/refusals.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type Metadata, parseMetadata } from './metadata.ts'

/** What a creation says of its upload. */
export interface Creation {
  /** Its length; nothing if the client does not know it yet. */
  readonly length: number | undefined
  readonly metadata: Metadata | undefined
}

/** Reads the fields of a creation (tus 1.0, Creation). Refuses (`bad-request`) malformed ones and concatenation. */
export function parseCreation(headers: IncomingHttpHeaders): Creation {
  if (headers[HEADER.uploadConcat] !== undefined) {
    throw new Refusal('bad-request', { why: 'Upload-Concat is not offered' })
  }
  const length = uploadLength(headers)
  const deferred = headers[HEADER.uploadDeferLength]
  const isSaid = length === undefined ? deferred === '1' : deferred === undefined
  if (!isSaid) {
    throw new Refusal('bad-request', { why: 'no usable Upload-Length or Upload-Defer-Length' })
  }
  return { length, metadata: parseMetadata(fieldText(headers[HEADER.uploadMetadata])) }
}

/** `Upload-Length`, if the request has one. Refuses (`bad-request`) what is no length. */
export function uploadLength(headers: IncomingHttpHeaders): number | undefined {
  const field = headers[HEADER.uploadLength]
  return field === undefined ? undefined : digits(field, 'Upload-Length')
}

/** `Upload-Offset`, which a PATCH must have. Refuses (`bad-request`) one without. */
export function uploadOffset(headers: IncomingHttpHeaders): number {
  return digits(headers[HEADER.uploadOffset], 'Upload-Offset')
}

function digits(field: string | string[] | undefined, name: string): number {
  const said = decimal(fieldText(field) ?? '')
  if (said === undefined) throw new Refusal('bad-request', { why: `no usable ${name}` })
  return said
}

/** The field as Node.js joined it: the type of its headers allows lists that these fields never are. */
export function fieldText(field: string | string[] | undefined): string | undefined {
  return Array.isArray(field) ? field.join(',') : field
}
