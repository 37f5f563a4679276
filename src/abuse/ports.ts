import type { Instant } from '../core/clock.ts'

/** What was counted under a name, and for how long it counts. */
export interface Counted {
  readonly count: number
  /** Milliseconds until the count begins anew. */
  readonly remaining: number
}

/**
 * Counts of what happened lately. A count begins with the first event under its name and ends with
 * its window, whatever comes meanwhile. Times are exact to a second.
 */
export interface Counters {
  /**
   * Counts one more event. `window`: milliseconds from the first event to the end of the count, at
   * least 1000. Rejects with `Refusal('state-unavailable')`.
   */
  add(name: string, window: number): Promise<Counted>
  /** Makes it the count under a name, for as long as it says. Rejects as `add` does. */
  keep(name: string, counted: Counted): Promise<void>
}

/** Marks of one list that are kept at most; of more those go first that end soonest. */
export const MOST_MARKS = 2048

/** A name that stands in a list until it ends by itself. */
export interface Mark {
  readonly name: string
  readonly until: Instant
}

/** A list of names that end by themselves, the same for all processes that share the state. Rejects with `Refusal('state-unavailable')`. */
export interface MarkStore {
  /** Puts a name into the list, or gives the one that is there another end. */
  put(mark: Mark): Promise<void>
  /** Takes a name out. Resolves to whether it was there. */
  remove(name: string): Promise<boolean>
  /** What has not ended, the latest end first; at most {@link MOST_MARKS}. */
  all(): Promise<readonly Mark[]>
}
