import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { type Element, client, xml } from '@xmpp/client'
import { sendLinkToRoom } from '../../src/cli/xmpp/link-message.ts'
import type { XmppLogin } from '../../src/cli/xmpp/login.ts'
import { xmppClientSender } from '../../src/client/xmpp/main.ts'

const ROOM = 'garden@rooms.example.org'
const MESSAGE = { to: ROOM, url: 'https://files.example.org/a.jpg', id: '12345678' }

interface Scripted {
  readonly login: XmppLogin
  readonly sent: Element[]
}

/** An account whose server answers each stanza by script. */
function loginTo(answers: (stanza: Element) => readonly Element[]): Scripted {
  const sent: Element[] = []
  const arrivals = new EventEmitter()
  const account = { username: 'romeo', credentials: async () => {} }
  const unconnected = client({ service: 'xmpp://127.0.0.1:1', domain: 'example.org', ...account })
  const xmpp = Object.assign(unconnected, {
    on: (event: string, listener: (stanza: Element) => void) => arrivals.on(event, listener),
    off: (event: string, listener: (stanza: Element) => void) => arrivals.off(event, listener),
    send: async (stanza: Element) => {
      sent.push(stanza)
      for (const answer of answers(stanza)) arrivals.emit('stanza', answer)
    },
  })
  const login = {
    jid: 'romeo@example.org',
    xmpp,
    xml,
    sender: xmppClientSender(xmpp, xml),
    line: { alive: async () => {} },
    [Symbol.asyncDispose]: async () => {},
  }
  return { login, sent }
}

function arrival(nick: string, ...codes: readonly string[]): Element {
  const statuses = codes.map((code) => xml('status', { code }))
  const xmlns = 'http://jabber.org/protocol/muc#user'
  return xml('presence', { from: `${ROOM}/${nick}` }, xml('x', { xmlns }, ...statuses))
}

test('a room that gives another nick than was asked for is entered, and left, under that one', async () => {
  const given = `${ROOM}/Romeo of Montague`
  const { login, sent } = loginTo(({ name, attrs }) => {
    if (name === 'message') return [xml('message', { from: given }, xml('body', {}, MESSAGE.url))]
    if (attrs['type'] === 'unavailable') return []
    return [arrival('juliet'), arrival('Romeo of Montague', '110', '210')]
  })
  await sendLinkToRoom(login, MESSAGE, AbortSignal.timeout(2000))
  assert.deepEqual(
    sent.map(({ name, attrs }) => [name, attrs['to'], attrs['type']]),
    [
      ['presence', `${ROOM}/romeo-1234`, undefined],
      ['message', ROOM, 'groupchat'],
      ['presence', given, 'unavailable'],
    ],
  )
})

test('a room that cannot be entered is told, whichever of its addresses says so', async () => {
  for (const from of [ROOM, `${ROOM}/romeo-1234`]) {
    const error = xml('error', { type: 'auth' }, xml('registration-required'))
    const { login } = loginTo(() => [xml('presence', { from, type: 'error' }, error)])
    const entering = sendLinkToRoom(login, MESSAGE, AbortSignal.timeout(2000))
    await assert.rejects(entering, /cannot be entered \(registration-required/u)
  }
})
