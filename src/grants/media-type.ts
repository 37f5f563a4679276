import { lookup } from 'mime-types'
import { OCTET_STREAM } from '../core/media-type.ts'
import type { SizedRequest } from './grant-request.ts'
import { hasControl } from './signed-text.ts'

/**
 * Types that the XMPP server may have signed for this request, the likeliest first. Clients
 * send another `Content-Type` than they asked the slot for (OpenPGP files, unknown extensions), or none.
 */
export function* typeCandidates(request: SizedRequest): Generator<string> {
  const { contentType } = request
  // By far most clients send what was signed: nothing else is made then.
  if (contentType !== undefined && !hasControl(contentType)) yield contentType
  for (const type of otherCandidates(request)) {
    if (type !== contentType && !hasControl(type)) yield type
  }
}

function otherCandidates({ path, contentType, otherTypes = [] }: SizedRequest): Set<string> {
  const sent = contentType === undefined ? otherTypes : [contentType, ...otherTypes]
  const said = sent.flatMap((type) => [type, type.toLowerCase(), (type.split(';')[0] ?? '').trim()])
  const byName = lookup(path) || OCTET_STREAM
  return new Set([...said, OCTET_STREAM, byName, 'application/pgp-encrypted', ''])
}
