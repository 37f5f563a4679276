import type { Instant } from '../core/clock.ts'
import { isJsonObject } from '../core/json-object.ts'
import type { Fingerprint } from '../core/slot-path.ts'

/** A network that a session was used from. */
export interface SeenNetwork {
  /** Its prefix, or a keyed hash of it where addresses must not be stored. */
  readonly network: string
  /** Product of the client (the first of its `User-Agent`, RFC 9110 §10.1.5), without its version. */
  readonly product?: string
  readonly firstAt: Instant
  readonly lastAt: Instant
}

/** Where one request of a session came from. */
export interface Footprint {
  readonly network: string
  readonly at: Instant
}

/** What makes a session more than a memory: a key that only its client has, and what was given out for it. */
export interface Binding {
  /** How its client proves itself. */
  readonly key: 'hmac' | 'dpop'
  /** Names the master key that the session's key is derived from (`hmac`). */
  readonly kid?: string
  /** Thumbprint (RFC 7638) of the client's key (`dpop`). */
  readonly jkt?: string
  /** SHA-256 of the nonce that its opening showed: who repeats it gets another key in the place of one that was never used. */
  readonly nonceHash?: string
  /** Whom its grants name, if they do. */
  readonly user?: string
  /** When its key was used first; absent while it was not. */
  readonly provedAt?: Instant
  /** When a new grant was shown with it last that lifted level 3. */
  readonly confirmedAt?: Instant
  /** How often it got fresh grants. */
  readonly refreshes: number
  /** Number of the latest of them that was used: earlier ones are worth nothing any more. */
  readonly refreshUsed: number
}

/** The continuity of one client across networks: the unit that stores read and replace as a whole. JSON-safe. */
export interface SessionRecord {
  /** Its name in every store: the fingerprint of its slot, or SHA-256 of the id of a bound session. */
  readonly key: string
  readonly openedAt: Instant
  /** When its latest request came; of one with a key also the latest byte of an upload, as far as is stored. */
  readonly lastActiveAt: Instant
  readonly requests: number
  /** How often its network was another one than before. */
  readonly switches: number
  /** How often it was allowed to go on although its grant had expired. */
  readonly recoveries: number
  /** Those used latest, the present one last; at most {@link MAX_NETWORKS}. */
  readonly networks: readonly SeenNetwork[]
  /** When its network became another one without proof, latest last; at most {@link MAX_CHANGES}. */
  readonly changes?: readonly Instant[]
  /** The latest requests in the order of time, where several processes see some each; at most {@link MAX_TRAIL}. */
  readonly trail?: readonly Footprint[]
  /** Its slots that have an unfinished upload; while there is one, the session is never evicted. */
  readonly uploads: readonly Fingerprint[]
  /** Grows with every change of a session that several processes change. */
  readonly revision?: number
  readonly bound?: Binding
}

/** A session with a key. */
export interface BoundSession extends SessionRecord {
  readonly revision: number
  readonly bound: Binding
}

/** Whether the session has a key. */
export function isBound(session: SessionRecord): session is BoundSession {
  return session.bound !== undefined && session.revision !== undefined
}

/** Whether a value that a store parsed is a session that this program wrote, by its form. */
export function isSessionRecord(value: unknown): value is SessionRecord {
  return (
    isJsonObject(value) &&
    typeof value['key'] === 'string' &&
    typeof value['openedAt'] === 'number' &&
    typeof value['lastActiveAt'] === 'number' &&
    Array.isArray(value['networks']) &&
    Array.isArray(value['uploads'])
  )
}

/** Networks that a session remembers: a train ride, not a diary. */
export const MAX_NETWORKS = 8

/** Requests that a session remembers one by one: what two processes see at about the same time. */
export const MAX_TRAIL = 16

/** Changes of network that a session remembers: more than any limit of them. */
export const MAX_CHANGES = 1_001
