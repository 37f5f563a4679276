import type { PlacedLine } from './placed-line.ts'

/** So many are remembered, to tell lines that stand elsewhere from those that are gone. */
const MOST = 1000

/** Lines of a chain that are missing so far. */
interface Gap {
  readonly from: number
  readonly until: number
  /** The line that stands there instead. */
  readonly before: PlacedLine
}

/** What is missing between the lines of a chain. */
export interface ChainGaps {
  readonly left: readonly Gap[]
  /** Remembers a gap; says whether there was room. */
  add(gap: Gap): boolean
  /** Takes a line that was found out of its gap; says whether it was in one. */
  fill(n: number): boolean
}

/** Makes an empty list of gaps. */
export function chainGaps(): ChainGaps {
  const left: Gap[] = []
  return {
    left,
    add(gap) {
      if (left.length >= MOST) return false
      left.push(gap)
      return true
    },
    fill(n) {
      const at = left.findIndex(({ from, until }) => from <= n && n <= until)
      const gap = left[at]
      if (gap === undefined) return false
      const halves = [
        { ...gap, until: n - 1 },
        { ...gap, from: n + 1 },
      ]
      left.splice(at, 1, ...halves.filter(({ from, until }) => from <= until))
      return true
    },
  }
}
