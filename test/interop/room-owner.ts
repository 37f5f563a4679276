import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { logIn } from '../../src/cli/xmpp/login.ts'
import { PASSWORD, type XmppHost } from './xmpp-server.ts'

/** Somebody who is in a room, and sees what happens there. */
export interface RoomOwner extends AsyncDisposable {
  /** What is said by others, in order. */
  readonly heard: readonly string[]
  /** Resolves when somebody has gone. */
  readonly departure: Promise<void>
}

const MUC = 'http://jabber.org/protocol/muc'

/** Makes a room (XEP-0045 §10) and stays in it. From then on this process trusts the host's authority. */
export async function roomOwner(host: XmppHost, jid: string, room: string): Promise<RoomOwner> {
  const authority = await readFile(host.caFile, 'utf8')
  setDefaultCACertificates([...getCACertificates('default'), authority])
  const service = `xmpp://127.0.0.1:${host.port}`
  const signal = AbortSignal.timeout(30_000)
  const login = await logIn({ jid, password: PASSWORD, service }, signal)
  const { xmpp, xml } = login
  const heard: string[] = []
  const entry = Promise.withResolvers<void>()
  const departure = Promise.withResolvers<void>()
  const here = `${room}/owner`
  xmpp.on('stanza', (stanza) => {
    const { name, attrs } = stanza
    if (name === 'message') heard.push(stanza.getChildText('body') ?? '')
    else if (attrs['from'] === here) entry.resolve()
    else if (attrs['type'] === 'unavailable') departure.resolve()
  })
  await xmpp.send(xml('presence', { to: here }, xml('x', { xmlns: MUC })))
  await entry.promise
  const form = xml('x', { xmlns: 'jabber:x:data', type: 'submit' })
  const query = xml('query', { xmlns: `${MUC}#owner` }, form)
  await xmpp.iqCaller.request(xml('iq', { type: 'set', to: room }, query))
  return {
    heard,
    departure: departure.promise,
    [Symbol.asyncDispose]: async () => await login[Symbol.asyncDispose](),
  }
}
