import type { Element } from '@xmpp/client'
import { answered } from '../../client/answered.ts'
import { OperatorError } from '../../core/operator-error.ts'
import type { XmppLogin } from './login.ts'
import { ping } from './ping.ts'
import { errorText, watchStanzas } from './stanza-watch.ts'

export interface LinkMessage {
  /** A bare JID. */
  readonly to: string
  readonly url: string
  /** That of the stanza. */
  readonly id: string
}

/** Milliseconds that a server has to take a message. */
const PATIENCE = 30_000

const OOB = 'jabber:x:oob'
const MUC = 'http://jabber.org/protocol/muc'
const MUC_USER = 'http://jabber.org/protocol/muc#user'

/** XEP-0045 §7.2.2: the presence is one's own, whatever the room made of the nick that was asked for. */
const SELF = '110'

/** XEP-0045 §10.1.1: whoever enters has just made the room. */
const CREATED = '201'

/**
 * Sends a link as clients show files: as the text, and as out-of-band data (XEP-0066 §3).
 * Resolves when the sender's server has taken the message: it handles stanzas in their order (RFC 6120 §10.1),
 * so the answer to a ping (XEP-0199) sent behind it says so.
 * @throws {OperatorError} if the message comes back
 */
export async function sendLink(
  login: XmppLogin,
  message: LinkMessage,
  signal: AbortSignal,
): Promise<void> {
  const { xmpp } = login
  await login.line.alive(signal)
  using back = watchStanzas(xmpp, (stanza) => isBack(stanza, message))
  await xmpp.send(linkStanza(login, message, 'chat'))
  const outcome = await answered(Promise.race([back.found, ping(login, PATIENCE)]), signal)
  if (outcome === false) throw new Error('The server does not say that it took the message')
  refuseIfBack(outcome, message)
}

/**
 * Sends a link to a room (XEP-0045), which is entered for it and left again.
 * Resolves when the room has given the message to those who are there, the sender among them.
 * @throws {OperatorError} if the room is not there or closed to the sender, or the message comes back
 */
export async function sendLinkToRoom(
  login: XmppLogin,
  message: LinkMessage,
  signal: AbortSignal,
): Promise<void> {
  const { xmpp, xml } = login
  await login.line.alive(signal)
  const here = await entered(login, message, signal)
  using back = watchStanzas(
    xmpp,
    (stanza) => isBack(stanza, message) || isReflected(stanza, here, message),
  )
  await xmpp.send(linkStanza(login, message, 'groupchat'))
  refuseIfBack(await answered(back.found, signal), message)
  await xmpp.send(xml('presence', { to: here, type: 'unavailable' }))
}

/** Enters a room without its history; resolves to the address there. */
async function entered(
  { xmpp, xml }: XmppLogin,
  { to, id }: LinkMessage,
  signal: AbortSignal,
): Promise<string> {
  const wanted = `${to}/${xmpp.jid?.local ?? ''}-${id.slice(0, 4)}`
  using arrival = watchStanzas(xmpp, (stanza) => isArrival(stanza, wanted))
  const history = xml('history', { maxstanzas: '0' })
  await xmpp.send(xml('presence', { to: wanted }, xml('x', { xmlns: MUC }, history)))
  const presence = await answered(arrival.found, signal)
  if (presence.attrs['type'] === 'error') {
    throw new OperatorError(`The room ${to} cannot be entered (${errorText(presence)})`)
  }
  const here = presence.attrs['from'] ?? wanted
  if (statusesOf(presence).includes(CREATED)) {
    await xmpp.send(xml('presence', { to: here, type: 'unavailable' }))
    throw new OperatorError(`There is no room ${to}`)
  }
  return here
}

/** Rooms that do not say which presence is one's own leave the nick as it was. */
function isArrival(stanza: Element, wanted: string): boolean {
  if (stanza.name !== 'presence') return false
  const room = bare(wanted)
  const isOfRoom = bare(stanza.attrs['from'] ?? '') === room
  const isOwn = statusesOf(stanza).includes(SELF) || stanza.attrs['type'] === 'error'
  return isFrom(stanza, wanted) || (isOfRoom && isOwn)
}

function bare(address: string): string {
  return address.toLowerCase().replace(/\/.*$/su, '')
}

function statusesOf(presence: Element): readonly (string | undefined)[] {
  const statuses = presence.getChild('x', MUC_USER)?.getChildren('status') ?? []
  return statuses.map(({ attrs }) => attrs['code'])
}

/** What is written by hand may be in capitals; servers write addresses in lower case. */
function isFrom({ attrs }: Element, address: string): boolean {
  return attrs['from']?.toLowerCase() === address.toLowerCase()
}

function linkStanza(
  { xml }: XmppLogin,
  { to, url, id }: LinkMessage,
  type: 'chat' | 'groupchat',
): Element {
  return xml(
    'message',
    { to, type, id },
    xml('body', {}, url),
    xml('x', { xmlns: OOB }, xml('url', {}, url)),
  )
}

function isBack({ name, attrs }: Element, { id }: LinkMessage): boolean {
  return name === 'message' && attrs['type'] === 'error' && attrs['id'] === id
}

/** A room may give the message another id, but not another text. */
function isReflected(stanza: Element, here: string, { url }: LinkMessage): boolean {
  const isMessage = stanza.name === 'message' && isFrom(stanza, here)
  return isMessage && stanza.getChildText('body') === url
}

function refuseIfBack(stanza: Element | true, { to }: LinkMessage): void {
  if (stanza === true || stanza.attrs['type'] !== 'error') return
  throw new OperatorError(`${to} did not get the message (${errorText(stanza)})`)
}
