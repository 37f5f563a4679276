import type { Scheme } from '../core/grant.ts'
import { bearer } from './bearer.ts'
import { jwt } from './jwt.ts'
import type { Credential, GrantScheme, SlotToSign } from './scheme.ts'
import { token } from './token.ts'
import { v1 } from './v1.ts'
import { v2 } from './v2.ts'
import { v3 } from './v3.ts'

export type { Credential, SlotToSign } from './scheme.ts'
export { deleteToken } from './token.ts'

const SCHEMES = { v1, v2, v3, token, jwt, bearer } satisfies Record<Scheme, GrantScheme>

/**
 * The credential that an XMPP server would hand out for the slot.
 * Throws a `TypeError` for a slot that the scheme cannot sign: `bearer` needs a user, `jwt` a path with a folder.
 */
export function signSlot(scheme: Scheme, slot: SlotToSign, secret: Buffer): Credential {
  return SCHEMES[scheme].sign(slot, secret)
}
