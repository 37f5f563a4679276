import type { Counters, MarkStore } from '../abuse/ports.ts'
import type { Leases, Notices, SlotStore } from '../engine/ports.ts'
import type { NonceStore } from '../proof/ports.ts'
import type { Pattern } from '../risk/threats/pattern.ts'
import type { SessionStore } from '../sessions/ports.ts'

/** What is found of clients and holds for a while; what of it was ended; files that were removed for abuse. */
export type MarkList = Pattern | 'ended' | 'abuse'

/** What is kept in records rather than files, and who may change them. */
export interface Records {
  readonly slots: SlotStore
  readonly sessions: SessionStore
  readonly nonces: NonceStore
  /** Counts of that kind, where several servers share them. */
  readonly counters?: (kind: string) => Counters
  /** A list of names that end by themselves. */
  readonly marks: (list: MarkList) => MarkStore
  readonly leases: Leases
  /** Where several servers share the records. */
  readonly notices?: Notices
  /** Names this server's master key to those that start later, where several servers share the records; resolves to the name of the latest before. */
  readonly exchangeMasterKeyName?: (kid: string) => Promise<string | undefined>
  /** What an operator should know about the place of the records. */
  readonly warnings: readonly string[]
}
