import type { XmlElement } from './xml-element.ts'

/** A question to an entity (RFC 6120 §8.2.3, type `get`). */
export interface IqRequest {
  readonly to: string
  /** The one element asked with; all that it says stands in its attributes. */
  readonly payload: {
    readonly name: string
    readonly xmlns: string
    readonly attributes?: Readonly<Record<string, string>>
  }
}

/** What became of a question. */
export type IqAnswer =
  | { readonly kind: 'result'; readonly payload?: XmlElement }
  /** The `<error/>` of the answer (RFC 6120 §8.3). */
  | { readonly kind: 'error'; readonly error: XmlElement }

/** Asks through a connection that is logged in. */
export interface IqSender {
  /** The domain of the account. Throws while nobody is logged in. */
  readonly domain: string
  /** Asks an entity. Rejects with the reason of the signal, or when no answer can be had. */
  ask(request: IqRequest, signal: AbortSignal): Promise<IqAnswer>
}
