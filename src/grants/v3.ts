import type { SlotPath } from '../core/slot-path.ts'
import { decimal } from '../core/decimal.ts'
import { mac } from '../core/mac.ts'
import { parameter } from './grant-request.ts'
import { type GrantScheme, invalid, plainGrant } from './scheme.ts'
import { instantOf, isHexMac, secondsOf } from './signed-text.ts'

/** `?v3=` and `?expires=` (seconds since 1970): HMAC over `PUT LF expires LF /path`. Signs no size. */
export const v3: GrantScheme = {
  name: 'v3',
  presents(request) {
    return parameter(request, 'v3') !== undefined
  },
  verify(request, { secrets }) {
    const shown = parameter(request, 'v3') ?? ''
    const expires = parameter(request, 'expires') ?? ''
    const seconds = decimal(expires)
    if (seconds === undefined) {
      throw invalid('v3', { why: 'no usable expires' })
    }
    const signed = v3Text(request.path, expires)
    // This scheme's signers write lower case only; anything else was not made by one of them.
    if (shown !== shown.toLowerCase() || !isHexMac(shown, secrets, signed)) {
      throw invalid('v3', { why: 'wrong MAC', signed })
    }
    return { ...plainGrant('v3', request), expiresAt: instantOf(seconds) }
  },
  sign({ path, expiresAt }, secret) {
    const expires = String(secondsOf(expiresAt))
    return { query: `v3=${mac(secret, v3Text(path, expires)).toString('hex')}&expires=${expires}` }
  },
}

/** The method is always PUT, whatever protocol carries the bytes; `expires` stands as it was sent. */
function v3Text(path: SlotPath, expires: string): string {
  return `PUT\n${expires}\n/${path}`
}
