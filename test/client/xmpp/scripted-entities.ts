import { xml } from '@xmpp/client'
import { xmppClientSender, type IqSender, type XmppClient } from '../../../src/client/xmpp/main.ts'

type Element = ReturnType<typeof xml>

/** What an entity answers; nothing: it never does. */
export type Reply = (request: Element) => Element | undefined

/** A stanza as the client that asked receives it. */
function requestIn(stanza: unknown): Element {
  if (!isElement(stanza)) throw new TypeError('No stanza')
  return stanza
}

function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && 'getChild' in value
}

/** A connection of an account at example.org to entities that answer by script. */
export function senderTo(entities: Readonly<Record<string, Reply>>): IqSender {
  const xmpp: XmppClient = {
    jid: { domain: 'example.org' },
    iqCaller: {
      request: async (stanza) => {
        const request = requestIn(stanza)
        const answer = entities[request.attrs['to'] ?? '']?.(request)
        if (answer === undefined) return await new Promise<never>(() => {})
        if (answer.name !== 'error') return xml('iq', { type: 'result' }, answer)
        throw Object.assign(new Error('refused'), { name: 'StanzaError', element: answer })
      },
    },
  }
  return xmppClientSender(xmpp, xml)
}

/** disco#items of a server. */
export function items(...jids: readonly string[]): Reply {
  const xmlns = 'http://jabber.org/protocol/disco#items'
  return (request) =>
    request.getChild('query', xmlns) === undefined
      ? refusal('service-unavailable')
      : xml('query', { xmlns }, ...jids.map((jid) => xml('item', { jid })))
}

/** disco#info of an entity that knows the features, described by forms. */
export function info(
  features: readonly string[],
  forms: readonly Readonly<Record<string, string>>[] = [],
): Element {
  return xml(
    'query',
    { xmlns: 'http://jabber.org/protocol/disco#info' },
    ...features.map((name) => xml('feature', { var: name })),
    ...forms.map((fields) =>
      xml(
        'x',
        { xmlns: 'jabber:x:data', type: 'result' },
        ...Object.entries(fields).map(([name, value]) =>
          xml('field', { var: name }, xml('value', {}, value)),
        ),
      ),
    ),
  )
}

/** A stanza error (RFC 6120 §8.3). */
export function refusal(condition: string, ...details: readonly Element[]): Element {
  const xmlns = 'urn:ietf:params:xml:ns:xmpp-stanzas'
  return xml('error', { type: 'cancel' }, xml(condition, { xmlns }), ...details)
}
