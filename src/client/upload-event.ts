/** How the bytes travel: the IETF's resumable uploads, tus 1.0.0, or a single PUT (XEP-0363). */
export type Face = 'rufh' | 'tus' | 'plain'

/** What an upload tells of itself, in the order in which it happens. */
export type UploadEvent =
  /** The server speaks this. */
  | { readonly kind: 'face'; readonly face: Face }
  | { readonly kind: 'created'; readonly resource: string }
  /** An earlier run of the program left this upload behind; it goes on. */
  | { readonly kind: 'restored'; readonly resource: string }
  /** Bytes are sent from this offset on. */
  | { readonly kind: 'sending'; readonly offset: number; readonly end: number }
  /** Bytes up to here have been handed to the network; the server may have fewer. */
  | { readonly kind: 'sent'; readonly offset: number }
  /** What the server has, of which none is sent again. */
  | { readonly kind: 'stands'; readonly offset: number }
  /** The connection is lost, or found dead. */
  | { readonly kind: 'lost'; readonly reason: unknown }
  /** Nothing is sent for so many milliseconds, or until the network is there. */
  | { readonly kind: 'waiting'; readonly wait: number }
  /** The device has another network. */
  | { readonly kind: 'network' }
  /** The upload is bound to a session: only its key goes on with it. */
  | { readonly kind: 'bound'; readonly session: string }
  /** The server asked for a proof, and got it. */
  | { readonly kind: 'challenged' }
  /** Level 3: a new slot is asked for. */
  | { readonly kind: 'reauthenticating' }
  /** The new slot took over what the server had. */
  | { readonly kind: 'adopted'; readonly offset: number }
  | { readonly kind: 'published'; readonly url: string }
