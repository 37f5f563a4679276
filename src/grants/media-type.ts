import { lookup } from 'mime-types'
import type { SizedRequest } from './grant-request.ts'
import { hasControl } from './signed-text.ts'

/** The type of bytes that nothing is known about (RFC 2046 §4.5.1). */
export const OCTET_STREAM = 'application/octet-stream'

const TOKEN = "[!#$%&'*+.^_`|~\\dA-Za-z-]+"
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"'

/** RFC 9110 §8.3.1, ASCII only. Each blank fits one place of the pattern, so that no text makes it slow. */
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;(?:[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*[ \\t]*$`,
  'u',
)

/** The type if it is a valid one (RFC 9110 §8.3.1), else `application/octet-stream`. */
export function mediaTypeOr(text: string | undefined): string {
  return text !== undefined && MEDIA_TYPE.test(text) ? text : OCTET_STREAM
}

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
