/** A map whose entries come and go, in the order in which their keys came. */
export interface PassingMap<K, V extends object> {
  readonly size: number
  has(key: K): boolean
  get(key: K): V | undefined
  /** Puts the value under its key, in the place of the one that is there. */
  set(key: K, value: V): void
  delete(key: K): void
  values(): Iterable<V>
}

/** Holds a value until its entry is taken out. */
interface Cell<V> {
  value: V | undefined
}

/**
 * For what lasts as long as a request. A `Map` leaves each table that it outgrew with all that was in it, and
 * has it point to the next one: once the first of them is old, V8 takes all of them, and every value that ever was
 * in one, for old until it collects everything. Here a value is let go of with its entry.
 */
export function passingMap<K, V extends object>(): PassingMap<K, V> {
  const cells = new Map<K, Cell<V>>()
  return {
    get size() {
      return cells.size
    },
    has: (key) => cells.has(key),
    get: (key) => cells.get(key)?.value,
    set(key, value): void {
      const cell = cells.get(key)
      if (cell === undefined) cells.set(key, { value })
      else cell.value = value
    },
    delete(key): void {
      const cell = cells.get(key)
      if (cell === undefined) return
      cells.delete(key)
      cell.value = undefined
    },
    *values(): Generator<V> {
      for (const { value } of cells.values()) if (value !== undefined) yield value
    },
  }
}
