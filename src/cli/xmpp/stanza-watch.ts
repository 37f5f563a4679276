import type { Client, Element } from '@xmpp/client'
import { quoted } from '../printable-text.ts'

/** Looks at what arrives until it is disposed of. */
export interface StanzaWatch extends Disposable {
  /** The first stanza that was looked for. */
  readonly found: Promise<Element>
}

/** Waits for a stanza; to be begun before the one that it answers is sent. */
export function watchStanzas(xmpp: Client, isMeant: (stanza: Element) => boolean): StanzaWatch {
  const { promise, resolve } = Promise.withResolvers<Element>()
  const look = (stanza: Element): void => {
    if (isMeant(stanza)) resolve(stanza)
  }
  xmpp.on('stanza', look)
  return { found: promise, [Symbol.dispose]: () => void xmpp.off('stanza', look) }
}

/** What a stanza of type `error` says (RFC 6120 §8.3): its condition, and the text if it has one, fit for a terminal. */
export function errorText(stanza: Element): string {
  const [condition, ...others] = stanza.getChild('error')?.getChildElements() ?? []
  const text = others.find(({ name }) => name === 'text')?.text() ?? ''
  return quoted([condition?.name ?? 'error', text].filter(Boolean).join(': '))
}
