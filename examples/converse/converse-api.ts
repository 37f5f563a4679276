/** What the plugin uses of Converse.js 14 (https://conversejs.org/docs/development/plugin-development). */
import type { IqBuilder, StropheConnection } from 'hmac-file-server/xmpp'

export type Attributes = Readonly<Record<string, unknown>>

/** A message whose body will be the address of a file. */
export interface FileMessage {
  /** What is to be sent; nothing after the page was loaded anew. */
  file: File | null
  /** The chat it belongs to. */
  readonly chatbox?: { get(name: string): unknown }
  get(name: string): unknown
  /** Changes what is shown. */
  set(attributes: Attributes): void
  /** Changes what is shown and kept. */
  save(attributes: Attributes): void
  once(event: 'destroy', listener: () => void): void
  /** Converse.js calls this when the user has chosen a file: from here on, sending it is the message's own business. */
  getRequestSlotURL(): Promise<void>
}

/** A chat whose messages have been read from what the browser keeps. */
export interface Chat {
  readonly messages: { readonly models: readonly FileMessage[] }
}

export interface Api {
  readonly connection: { connected(): boolean; get(): StropheConnection }
  readonly listen: {
    on(event: 'afterMessagesFetched', listener: (chat: Chat) => void): void
    once(event: 'connected' | 'reconnected', listener: () => void): void
  }
  /** Resolves when a part of Converse.js is there. */
  waitUntil(part: 'OMEMOInitialized'): Promise<void>
  /** Lets other plugins change the attributes of a message whose file is there; encryption is one of them. */
  hook(name: 'afterFileUploaded', message: FileMessage, change: Attributes): Promise<Attributes>
}

interface MessageClass {
  readonly prototype: FileMessage
}

export interface Converse {
  readonly api: Api
  readonly exports: { readonly Message: MessageClass; readonly MUCMessage: MessageClass }
  /** The translation of a text of Converse.js. */
  __(text: string): string
}

interface Plugin {
  readonly dependencies: readonly string[]
  enabled(): boolean
  initialize(this: { readonly _converse: Converse }): void
}

declare global {
  /** The script of Converse.js makes it. */
  const converse: {
    readonly plugins: { add(name: string, plugin: Plugin): void }
    readonly env: { readonly $iq: IqBuilder; readonly log: { error(reason: unknown): void } }
  }
}
