import type { Instant } from '../core/clock.ts'
import type { Grant, Scheme } from '../core/grant.ts'
import type { Fingerprint, SlotPath } from '../core/slot-path.ts'

/** What the gate looks at of a slot that was used before. */
export interface JudgedSlot {
  readonly fingerprint: Fingerprint
  readonly scheme: Scheme
  /** Empty once the slot is spent. */
  readonly path: SlotPath | ''
  readonly user?: string
  /** Name of the session that it is bound to. */
  readonly session?: string
  readonly state: 'open' | 'published' | 'spent'
  readonly openedAt: Instant
  /** Where its first request came from, by its stored name. */
  readonly network: string
  readonly uploads: readonly { readonly lastByteAt?: Instant }[]
  /** Until then expired grants are accepted without being counted again. */
  readonly reopenedUntil?: Instant
}

/** Whether a request may use a slot that was used before; `rebind`: the slot is bound to `binds` from now on. */
export type Judge = (
  slot: JudgedSlot,
  circumstances: { readonly reopens: boolean },
) => Promise<'pass' | 'rebind'>

/** What a request proved, for whoever finds the record of its slot. */
export interface Passage {
  /** Name of the session that proved itself. */
  readonly session?: string
  /** Name of the session that the slot is bound to if this request opens it. */
  readonly binds?: string
  readonly judge?: Judge
  /** Asked when a slot is used for the first time. May refuse. */
  readonly opens?: () => Promise<void>
}

/** A request that may come in. */
export interface Admission {
  readonly grant: Grant
  readonly passage: Passage
}
