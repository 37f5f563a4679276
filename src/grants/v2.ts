import { parameter } from './grant-request.ts'
import { OCTET_STREAM } from '../core/media-type.ts'
import { mac } from '../core/mac.ts'
import { typeCandidates } from './media-type.ts'
import { type GrantScheme, invalid, plainGrant } from './scheme.ts'
import { isHexMac } from './signed-text.ts'

/** What is signed: `path NUL size NUL type`. */
export function v2Text(
  { path, size }: { readonly path: string; readonly size: number },
  type: string,
): string {
  return `${path}\0${size}\0${type}`
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
      const shown = parameter(request, name) ?? ''
      for (const type of typeCandidates(request)) {
        if (!isHexMac(shown, check.secrets, v2Text(request, type))) continue
        // What the signature covers is served, so that the XMPP server's policy on types holds.
        return plainGrant(name, request, type)
      }
      const candidates = [...typeCandidates(request)]
      const signed = v2Text(request, candidates[0] ?? '')
      throw invalid(name, { why: 'wrong MAC', signed, types: candidates.join(', ') })
    },
    sign({ path, size, contentType = OCTET_STREAM }, secret) {
      const signed = v2Text({ path, size }, contentType)
      return { query: `${name}=${mac(secret, signed).toString('hex')}` }
    },
  }
}
