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
