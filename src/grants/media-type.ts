import { lookup } from 'mime-types'
import { OCTET_STREAM } from '../core/media-type.ts'
import type { SizedRequest } from './grant-request.ts'
import { hasControl } from './signed-text.ts'

/**
 * Types that the XMPP server may have signed for this request, the likeliest first. Clients
 * send another `Content-Type` than they asked the slot for (OpenPGP files, unknown extensions), or none.
 */
export function typeCandidates(request: SizedRequest): readonly string[] {
  const { contentType, otherTypes = [] } = request
  const sent = contentType === undefined ? otherTypes : [contentType, ...otherTypes]
  const said = sent.flatMap((type) => [type, type.toLowerCase(), (type.split(';')[0] ?? '').trim()])
  const byName = lookup(request.path) || OCTET_STREAM
  const all = [...said, OCTET_STREAM, byName, 'application/pgp-encrypted', '']
  return [...new Set(all)].filter((type) => !hasControl(type))
}
