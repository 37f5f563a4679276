/** XEP-0030: what there is, and what it can do. */
export const DISCO_ITEMS = 'http://jabber.org/protocol/disco#items'
export const DISCO_INFO = 'http://jabber.org/protocol/disco#info'

/** XEP-0004: data forms. */
export const DATA_FORM = 'jabber:x:data'

/** XEP-0363: HTTP File Upload. */
export const UPLOAD = 'urn:xmpp:http:upload:0'

/** RFC 6120 §8.3.3: the conditions of stanza errors. */
export const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
