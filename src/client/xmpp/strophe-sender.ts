import type { IqAnswer, IqSender } from './iq-sender.ts'
import type { XmlElement } from './xml-element.ts'

/** What is read of a DOM node. */
export interface DomNode {
  readonly nodeType: number
  readonly textContent: string | null
}

/** What is read of a DOM element. */
export interface DomElement extends DomNode {
  readonly localName: string
  readonly namespaceURI: string | null
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>
  readonly children: ArrayLike<DomElement>
  readonly childNodes: ArrayLike<DomNode>
}

/** What is used of a stanza under construction (`Strophe.Builder`). */
export interface StropheBuilder {
  c(name: string, attributes: Record<string, string>): StropheBuilder
}

/** What is used of a `Strophe.Connection`. */
export interface StropheConnection {
  readonly domain: string | null
  /** Calls the second function back with the answer of type `error`, or nothing when `timeout` milliseconds are over. */
  sendIQ(
    stanza: unknown,
    onResult: (answer: DomElement) => void,
    onError: (answer: DomElement | null) => void,
    timeout: number,
  ): unknown
}

/** `$iq` of Strophe: begins an `<iq/>`. */
export type IqBuilder = (attributes: Record<string, string>) => StropheBuilder

/** Milliseconds that an entity has for its answer. */
const PATIENCE = 30_000

const TEXT_NODE = 3

/**
 * Asks through a connection of Strophe, thus of Converse.js too; `$iq` is what Strophe exports (`converse.env.$iq`). Its
 * `domain` throws a `TypeError` before the connection is logged in. Where no answer comes for 30 seconds, it rejects with
 * an error that names who was asked.
 */
export function stropheSender(connection: StropheConnection, $iq: IqBuilder): IqSender {
  return {
    get domain() {
      if (connection.domain === null) throw new TypeError('The connection is not logged in')
      return connection.domain
    },
    async ask({ to, payload: { name, xmlns, attributes } }, signal) {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<IqAnswer>()
      const give = (): void => reject(signal.reason)
      const onResult = (answer: DomElement): void => resolve(resultIn(answer))
      const onError = (answer: DomElement | null): void => {
        const error = errorIn(answer)
        if (error === undefined) reject(new Error(`${to} does not answer`))
        else resolve({ kind: 'error', error })
      }
      const stanza = $iq({ type: 'get', to }).c(name, { ...attributes, xmlns })
      signal.addEventListener('abort', give)
      try {
        connection.sendIQ(stanza, onResult, onError, PATIENCE)
        return await promise
      } finally {
        signal.removeEventListener('abort', give)
      }
    },
  }
}

function resultIn(answer: DomElement): IqAnswer {
  const [payload] = elementOf(answer).children
  return { kind: 'result', ...(payload === undefined ? {} : { payload }) }
}

function errorIn(answer: DomElement | null): XmlElement | undefined {
  if (answer === null) return undefined
  return elementOf(answer).children.find(({ name }) => name === 'error')
}

function elementOf(element: DomElement): XmlElement {
  const texts = Array.from(element.childNodes).filter(({ nodeType }) => nodeType === TEXT_NODE)
  return {
    name: element.localName,
    namespace: element.namespaceURI ?? '',
    attributes: Object.fromEntries(
      Array.from(element.attributes, ({ name, value }) => [name, value]),
    ),
    children: Array.from(element.children, elementOf),
    text: texts.map(({ textContent }) => textContent ?? '').join(''),
  }
}
