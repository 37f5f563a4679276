import { mac } from '../core/mac.ts'
import { parameter } from './grant-request.ts'
import { type GrantScheme, invalid, plainGrant } from './scheme.ts'
import { isHexMac } from './signed-text.ts'

/** What is signed: `path SP size`. */
export function v1Text(path: string, size: number): string {
  return `${path} ${size}`
}

/** `?v=`: Prosody `mod_http_upload_external` version 1, ejabberd `external_secret`. Carries no time. */
export const v1: GrantScheme = {
  name: 'v1',
  presents(request) {
    return parameter(request, 'v') !== undefined
  },
  verify(request, { secrets }) {
    const signed = v1Text(request.path, request.size)
    if (!isHexMac(parameter(request, 'v') ?? '', secrets, signed)) {
      throw invalid('v1', { why: 'wrong MAC', signed })
    }
    return plainGrant('v1', request)
  },
  sign({ path, size }, secret) {
    return { query: `v=${mac(secret, v1Text(path, size)).toString('hex')}` }
  },
}
