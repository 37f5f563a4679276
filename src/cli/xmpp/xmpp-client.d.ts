/** What is used of `@xmpp/client`, which comes without types. */
declare module '@xmpp/client' {
  /** Makes an element; attributes and texts are escaped when it is written. */
  export function xml(
    name: string,
    attributes?: Record<string, string>,
    ...children: readonly (Element | string)[]
  ): Element

  export function client(options: ClientOptions): Client

  /** The address in its parts, in lower case. */
  export function jid(address: string): Jid

  export interface Element {
    readonly name: string
    readonly attrs: Readonly<Record<string, string | undefined>>
    getChild(name: string, namespace?: string): Element | undefined
    getChildElements(): readonly Element[]
    getChildren(name: string, namespace?: string): readonly Element[]
    text(): string
    getChildText(name: string, namespace?: string): string | null
    /** As XML. */
    toString(): string
  }

  export interface Jid {
    readonly local: string
    readonly domain: string
    readonly resource: string
    toString(): string
  }

  export interface ClientOptions {
    /** A URL (`xmpp:`, `xmpps:`, `wss:`), or a domain that is looked up. */
    readonly service: string
    readonly domain: string
    readonly username: string
    readonly credentials: (
      authenticate: (
        credentials: { readonly username: string; readonly password: string },
        mechanism: string,
      ) => Promise<void>,
      mechanisms: readonly string[],
    ) => Promise<void>
    /** Milliseconds for each step of opening and closing. */
    readonly timeout?: number
  }

  export interface Client {
    readonly status: string
    readonly jid: Jid | null
    /** Whether what is sent is encrypted. */
    isSecure(): boolean
    readonly iqCaller: { request(stanza: unknown, timeout?: number): Promise<unknown> }
    readonly reconnect: { stop(): void }
    readonly streamManagement: {
      on(event: 'resumed', listener: () => void): unknown
      off(event: 'resumed', listener: () => void): unknown
    }
    /** That of a TLS connection wraps the one of Node.js. */
    readonly socket: { readonly socket?: { destroy?(): unknown } | null } | null
    on(event: 'online' | 'disconnect' | 'element', listener: () => void): unknown
    on(event: 'error', listener: (error: unknown) => void): unknown
    on(event: 'stanza', listener: (stanza: Element) => void): unknown
    off(event: 'online' | 'disconnect', listener: () => void): unknown
    off(event: 'stanza', listener: (stanza: Element) => void): unknown
    connect(service: string): Promise<unknown>
    open(options: { readonly domain: string }): Promise<unknown>
    /** Ends the stream, and waits for the server to end it, too. */
    stop(): Promise<unknown>
    /** Does so, and connects again. */
    disconnect(): Promise<unknown>
    send(element: Element): Promise<void>
  }
}
