import type { ClientAddress } from '../core/client-address.ts'
import type { Clock, Instant } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import type { SessionEvents } from './events.ts'
import type { SessionStore } from './ports.ts'

/** What the operator decided about sessions. */
export interface SessionPolicy {
  readonly isEnabled: boolean
  readonly maxSessions: number
  /** Milliseconds from a session's opening to its end, whatever it does. */
  readonly maxAge: number
}

/** Everything the sessions are built from. */
export interface SessionNeeds {
  readonly store: SessionStore
  readonly events: SessionEvents
  readonly clock: Clock
  /** Asked anew each time, because it may change while the server runs. */
  readonly policy: () => SessionPolicy
  /** Whether other processes change the same sessions: then what happened to one shows in the store only. */
  readonly isShared?: boolean
  /** When the latest byte of a slot's uploads came, as far as is stored; absent: nobody knows. */
  readonly lastByteOf?: (slot: Fingerprint) => Promise<Instant | undefined>
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
}
