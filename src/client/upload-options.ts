import type { Network, UploadStore } from './platform.ts'
import type { AskSlot } from './slot.ts'
import type { Transport } from './transport.ts'
import type { UploadEvent } from './upload-event.ts'

/** How far a transfer is. */
export interface Progress {
  /** Bytes that were handed to the network; falls when some of them were lost. */
  readonly sent: number
  /** Bytes that the server has. */
  readonly stored: number
  readonly size: number
  /** Bytes per second of late; nothing before there is anything to tell. */
  readonly rate?: number
  /** Seconds that are left at this rate. */
  readonly eta?: number
}

export interface UploadOptions {
  /** Ends the upload; what the server has is kept, and a later call goes on there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  readonly onEvent?: (event: UploadEvent) => void
  /** A new slot for the same file: asked for after a long standby (security level 3). Default: the slot's own way. */
  readonly onReauthenticate?: AskSlot
  /** The key that the upload is bound to, where the server knows sessions. Default: `hmac`. */
  readonly session?: 'hmac' | 'dpop' | 'none'
  /**
   * The name under which the unfinished upload is remembered; where there are several accounts, it should name the
   * account as well. Default: the source's.
   */
  readonly id?: string
  /** Where it is remembered; `false`: nowhere. */
  readonly store?: UploadStore | false
  /** Milliseconds without progress after which a connection is held for dead. Default: 3000. */
  readonly stall?: number
  readonly transport?: Transport
  readonly network?: Network
}

/** A file that is there. */
export interface Uploaded {
  /** Where everybody can fetch it. */
  readonly url: string
  /** In bytes. */
  readonly size: number
}
