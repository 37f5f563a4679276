import type { ClientAddress } from '../core/client-address.ts'
import type { RefusalCode } from '../core/refusals.ts'
import type { Surprise } from '../risk/anomaly/surprise.ts'
import type { Place } from '../risk/place.ts'
import type { Effect, Pattern } from '../risk/threats/pattern.ts'

/** How suspicious a request was, and what came of it. */
export interface Decision {
  /** Name of its session: its slot, or SHA-256 of the id of a bound one. */
  readonly session: string
  readonly client: ClientAddress
  readonly isBound: boolean
  readonly level: 1 | 2 | 3
  readonly reasons: readonly string[]
  /** Where the request came from, as far as databases say so. */
  readonly place?: Place
  /** How unusual it was of its owner, where habits are known. */
  readonly surprise?: Surprise
  /** `confirmed`: a new grant lifted level 3. */
  readonly verdict: 'passed' | 'challenged' | 'refused' | 'confirmed'
}

/** A pattern that was found, and what becomes of it. */
export interface Threat {
  readonly pattern: Pattern
  readonly effect: Effect
  /** Name of the session that it is about, if it is about one. */
  readonly session?: string
  /** Whose files it is about. */
  readonly user?: string
  /** Where the request came from that was one too many. */
  readonly client?: ClientAddress
  /** Returns, sessions or files that it was found by. */
  readonly count: number
  /** How long it holds, in milliseconds. */
  readonly duration: number
}

/** A request that did not prove what it claimed. */
export interface Unproved {
  /** Name of the session that it claimed, if any. */
  readonly session: string | undefined
  readonly client: ClientAddress
  readonly why: string
}

/** What the gate tells the rest of the program; `observe` turns it into audit lines and metrics. */
export interface GateEvents {
  decided(decision: Decision): void
  unproved(attempt: Unproved): void
  /** A session got a key, which was told; `succeeds` names the one whose place it takes. */
  bound(
    session: string,
    binding: { slot: string; client: ClientAddress; key: 'hmac' | 'dpop'; succeeds?: string },
  ): void
  /** A session got its so many-th refresh: fresh grants. */
  refreshed(session: string, refresh: { client: ClientAddress; number: number }): void
  /** A session that proved itself wanted a refresh and did not get it. */
  refreshRefused(session: string, attempt: { client: ClientAddress; code: RefusalCode }): void
  /** A client ended its own session. */
  ended(session: string, client: ClientAddress): void
  /** Somebody wanted to bind a slot that is bound. */
  bindingRefused(session: string, attempt: { slot: string; client: ClientAddress }): void
  /** A pattern was found; not told again while it holds. */
  threatFound(threat: Threat): void
  /** A new grant ended what was found of a session. */
  threatLifted(lifted: Required<Pick<Threat, 'pattern' | 'session'>>): void
}
