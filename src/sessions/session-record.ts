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

/** The continuity of one client across networks: the unit that stores read and replace as a whole. JSON-safe. */
export interface SessionRecord {
  /** Its name in every store: the fingerprint of its slot. */
  readonly key: string
  readonly openedAt: Instant
  /** When its latest request came. */
  readonly lastActiveAt: Instant
  readonly requests: number
  /** How often its network was another one than before. */
  readonly switches: number
  /** How often it was allowed to go on although its grant had expired. */
  readonly recoveries: number
  /** Those used latest, the present one last; at most {@link MAX_NETWORKS}. */
  readonly networks: readonly SeenNetwork[]
  /** Its slots that have an unfinished upload; while there is one, the session is never evicted. */
  readonly uploads: readonly Fingerprint[]
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
