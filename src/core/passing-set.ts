/** What can be in a {@link PassingSet}, in one at a time. */
export interface Passing {
  /** Where it stands there; {@link NOWHERE}: in none. Nobody else's business. */
  seat: number
}

export const NOWHERE = -1

/** A set of what comes and goes, in no order. */
export interface PassingSet<T extends Passing> {
  readonly size: number
  has(item: T): boolean
  /** Without effect if it is there. */
  add(item: T): void
  /** Returns whether it was there. */
  delete(item: T): boolean
  /** All that are there now, whatever becomes of the set meanwhile. */
  all(): readonly T[]
}

/** For what lasts as long as a request, for the same reason as `passingMap`: nothing of it stays in the set. */
export function passingSet<T extends Passing>(): PassingSet<T> {
  const items: T[] = []
  const has = (item: T): boolean => items[item.seat] === item
  return {
    get size() {
      return items.length
    },
    has,
    add(item): void {
      if (has(item)) return
      if (item.seat !== NOWHERE) throw new Error('It is in another set')
      item.seat = items.length
      items.push(item)
    },
    delete(item): boolean {
      if (!has(item)) return false
      const last = items.pop()
      // The last one takes the place that is free now.
      if (last !== undefined && last !== item) {
        items[item.seat] = last
        last.seat = item.seat
      }
      item.seat = NOWHERE
      return true
    },
    all: () => [...items],
  }
}
