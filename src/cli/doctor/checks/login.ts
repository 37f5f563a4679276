import type { Check } from '../check.ts'
import { NO_ACCOUNT, ok } from '../finding.ts'

/** Slots are given to users only, so the rest of the XMPP side needs one. */
export const loginCheck: Check = {
  name: 'login',
  about: 'the XMPP server lets the account in',
  needs: [],
  async run({ xmpp }) {
    if (xmpp === undefined) return NO_ACCOUNT
    const { jid } = await xmpp()
    return ok(`logged in as ${jid}`)
  },
}
