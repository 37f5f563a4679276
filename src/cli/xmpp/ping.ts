import type { Client, xml as makeXml } from '@xmpp/client'

/**
 * Asks the server for a sign of life (XEP-0199) on the connection that there is. Resolves to whether it gave one
 * within `patience` milliseconds; that it knows no pings is one, too.
 */
export async function ping(
  { xmpp, xml }: { xmpp: Client; xml: typeof makeXml },
  patience: number,
): Promise<boolean> {
  const to = xmpp.jid?.domain ?? ''
  const stanza = xml('iq', { type: 'get', to }, xml('ping', { xmlns: 'urn:xmpp:ping' }))
  try {
    await xmpp.iqCaller.request(stanza, patience)
    return true
  } catch (reason) {
    return reason instanceof Error && reason.name === 'StanzaError'
  }
}
