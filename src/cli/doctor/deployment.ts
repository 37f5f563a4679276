import type { Config } from '../../config/options.ts'
import type { Clock, Instant } from '../../core/clock.ts'
import type { Slot } from '../../client/slot.ts'
import type { TriedAddress } from './addresses.ts'
import type { Answer, HttpClient } from './http-client.ts'
import type { SlotDesk } from './slot-desk.ts'
import type { TestFile } from './test-file.ts'
import type { XmppAccount } from './xmpp-account.ts'

/** What is examined, and by what means. */
export interface Deployment {
  /** Ends in a slash. */
  readonly publicUrl: URL
  /** The server's own configuration, if it is at hand. */
  readonly config: Config | undefined
  readonly http: HttpClient
  /** Of the host: those of the command line, or what the system finds. Rejects if there are none. */
  readonly addresses: () => Promise<readonly string[]>
  /** Each address, and whether it accepts connections; tried once. */
  readonly tried: (signal: AbortSignal) => Promise<readonly TriedAddress[]>
  /** Where slots come from; nothing if there are none to be had. */
  readonly slots: SlotDesk | undefined
  /** Where users get theirs; nothing if nobody logs in. */
  readonly xmppSlots: SlotDesk | undefined
  /** Logs in when first asked, and stays so. */
  readonly xmpp: (() => Promise<XmppAccount>) | undefined
  readonly clock: Clock
  /** The file that a plain PUT publishes when first asked for; the checks of downloads share it. */
  readonly upload: (signal: AbortSignal) => Promise<Upload>
}

/** A file, its slot, and how the PUT was answered. */
export interface Upload {
  readonly slot: Slot
  readonly file: TestFile
  readonly answer: Answer
  /** When the request was begun. */
  readonly sentAt: Instant
}
