/** A slot as an XMPP server gives it (XEP-0363 §5). */
export interface Slot {
  /** Where the file goes. */
  readonly put: string
  /** Where it can be fetched once it is there: what is sent to others. */
  readonly get: string
  /** Header fields that the server wants with the upload, `Authorization` for instance. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks for a slot; the signal fires when none is wanted any more. */
export type AskSlot = (signal: AbortSignal) => Promise<Slot>

/** A slot, or how to ask for one: at once, or when there is nothing to go on with. */
export type SlotSource = Slot | AskSlot

/** Whether a URL, or a reference to one, leads to the slot's own server (RFC 6454 §5). */
export function isOneOrigin(url: string, put: string): boolean {
  return URL.canParse(url, put) && new URL(url, put).origin === new URL(put).origin
}
