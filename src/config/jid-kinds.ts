import { list } from './kinds.ts'
import { BadValue, type Option, type Row } from './option.ts'

/** Local part and host (RFC 7622 §3); no resource, which changes with every login. */
const BARE_JID = /^[^\s"&'/:<>@]{1,1023}@[^\s/@]{1,1023}$/u

/** Users as XMPP names them. */
export function bareJids(row: Row<readonly string[]>): Option<readonly string[]> {
  return list({
    ...row,
    allowed: 'a list of bare JIDs such as ["romeo@example.org"]',
    parse: parseBareJid,
    show: (jid) => jid,
  })
}

function parseBareJid(text: string): string {
  if (BARE_JID.test(text)) return text
  const [bare = ''] = text.split('/', 1)
  const remedy = BARE_JID.test(bare) ? { remedy: `write "${bare}"` } : {}
  throw new BadValue(`"${text}" is not a bare JID`, remedy)
}
