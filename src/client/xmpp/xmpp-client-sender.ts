import { answered } from '../answered.ts'
import type { IqAnswer, IqRequest, IqSender } from './iq-sender.ts'
import type { XmlElement } from './xml-element.ts'

/** What is used of a client that `client()` of `@xmpp/client` makes. */
export interface XmppClient {
  readonly jid: { readonly domain: string } | null
  readonly iqCaller: {
    /** Rejects with a `StanzaError`, or when nothing is answered for `timeout` milliseconds. */
    request(stanza: unknown, timeout?: number): Promise<unknown>
  }
}

/** `xml` of `@xmpp/client`: makes an element. */
export type XmlMaker<Element> = (
  name: string,
  attributes: Record<string, string>,
  ...children: Element[]
) => Element

/** Milliseconds that an entity has for its answer. */
const PATIENCE = 30_000

/**
 * Asks through `@xmpp/client`; `xml` is what the same package exports. Its `domain` throws a `TypeError` while the client
 * is not logged in. Where no answer comes for 30 seconds, or the connection ends, it rejects with the error of
 * `@xmpp/client`.
 */
export function xmppClientSender<E>(xmpp: XmppClient, xml: XmlMaker<E>): IqSender {
  return {
    get domain() {
      if (xmpp.jid === null) throw new TypeError('The XMPP client is not logged in')
      return xmpp.jid.domain
    },
    async ask({ to, payload }: IqRequest, signal: AbortSignal): Promise<IqAnswer> {
      signal.throwIfAborted()
      const { name, xmlns, attributes } = payload
      const stanza = xml('iq', { type: 'get', to }, xml(name, { ...attributes, xmlns }))
      try {
        const answer = await answered(xmpp.iqCaller.request(stanza, PATIENCE), signal)
        const [child] = elementOf(answer)?.children ?? []
        return { kind: 'result', ...(child === undefined ? {} : { payload: child }) }
      } catch (reason) {
        const error = stanzaErrorIn(reason)
        if (error === undefined) throw reason
        return { kind: 'error', error }
      }
    },
  }
}

/** `StanzaError` keeps the `<error/>` it was made of. */
function stanzaErrorIn(reason: unknown): XmlElement | undefined {
  if (!(reason instanceof Error) || reason.name !== 'StanzaError') return undefined
  return 'element' in reason ? elementOf(reason.element) : undefined
}

/** What is read of an element of ltx, the parser below `@xmpp/client`. */
interface LtxElement {
  readonly attrs: Readonly<Record<string, unknown>>
  readonly children: readonly unknown[]
  getName(): unknown
  getNS(): unknown
}

function elementOf(value: unknown): XmlElement | undefined {
  if (!isLtxElement(value)) return undefined
  const attributes = Object.entries(value.attrs).map(([name, text]) => [name, String(text)])
  const namespace = value.getNS()
  return {
    name: String(value.getName()),
    namespace: typeof namespace === 'string' ? namespace : '',
    attributes: Object.fromEntries(attributes),
    children: value.children.map(elementOf).filter((child) => child !== undefined),
    text: value.children.filter((child) => typeof child === 'string').join(''),
  }
}

function isLtxElement(value: unknown): value is LtxElement {
  return (
    typeof value === 'object' &&
    value !== null &&
    'attrs' in value &&
    typeof value.attrs === 'object' &&
    value.attrs !== null &&
    'children' in value &&
    Array.isArray(value.children) &&
    'getName' in value &&
    typeof value.getName === 'function' &&
    'getNS' in value &&
    typeof value.getNS === 'function'
  )
}
