import { type SizedRequest, parameter } from './grant-request.ts'
import { OCTET_STREAM, mediaTypeOr } from '../core/media-type.ts'
import { mac } from '../core/mac.ts'
import { typeCandidates } from './media-type.ts'
import { type Check, type GrantScheme, invalid, plainGrant } from './scheme.ts'
import { isHexMac } from './signed-text.ts'

/** What is signed: `path NUL size NUL type`. */
export function v2Text(slot: {
  readonly path: string
  readonly size: number
  readonly type: string
}): string {
  return `${slot.path}\0${slot.size}\0${slot.type}`
}

/** `?v2=`: Prosody `mod_http_upload_external` version 2. Carries no time. */
export const v2: GrantScheme = typedMac('v2')

/** The scheme whose MAC covers the media type, under the parameter that has its name. */
export function typedMac(name: 'v2' | 'token'): GrantScheme {
  return {
    name,
    presents(request) {
      return parameter(request, name) !== undefined
    },
    verify(request, check) {
      const candidates = typeCandidates(request)
      const type = candidates.find((candidate) => signsType(name, request, { ...check, candidate }))
      if (type === undefined) {
        const signed = v2Text({ ...request, type: candidates[0] ?? '' })
        throw invalid(name, { why: 'wrong MAC', signed, types: candidates.join(', ') })
      }
      // What the signature covers is served, so that the XMPP server's policy on types holds.
      return { ...plainGrant(name, request), contentType: mediaTypeOr(type) }
    },
    sign({ path, size, contentType = OCTET_STREAM }, secret) {
      const signed = v2Text({ path, size, type: contentType })
      return { query: `${name}=${mac(secret, signed).toString('hex')}` }
    },
  }
}

function signsType(
  name: 'v2' | 'token',
  request: SizedRequest,
  check: Check & { readonly candidate: string },
): boolean {
  const signed = v2Text({ ...request, type: check.candidate })
  return isHexMac(parameter(request, name) ?? '', check.secrets, signed)
}
