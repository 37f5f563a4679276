import type { Clock, Instant } from '../../core/clock.ts'
import { MOST_MARKS, type Mark, type MarkStore } from '../../abuse/ports.ts'

/** A list in the memory of this process: for a server of one process, until it ends. */
export function memoryMarkStore(clock: Clock): MarkStore {
  const marks = new Map<string, Instant>()

  function sorted(): readonly Mark[] {
    const all = [...marks].map(([name, until]) => ({ name, until }))
    return all.toSorted((one, other) => other.until - one.until)
  }

  return {
    put: async ({ name, until }) => {
      marks.set(name, until)
      if (marks.size <= MOST_MARKS) return
      for (const { name: spare } of sorted().slice(MOST_MARKS)) marks.delete(spare)
    },
    remove: async (name) => marks.delete(name),
    all: async () => {
      const now = clock()
      for (const [name, until] of marks) if (until <= now) marks.delete(name)
      return sorted()
    },
  }
}
