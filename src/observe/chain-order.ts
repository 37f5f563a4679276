import { namedChains } from './audit-chain.ts'
import type { AuditFault } from './audit-fault.ts'
import type { Place, PlacedLine } from './placed-line.ts'

/** The check of what chains say of the order of others: what the first line of one names was written before it. */
export interface ChainOrder {
  /** Takes a line that is proved, and what it says it comes after. */
  take(line: PlacedLine, after: string | undefined): void
}

/** Starts the check. Files are read one after another, in any order: only lines of one file can be compared. */
export function chainOrder(onFault: (fault: AuditFault) => void): ChainOrder {
  let file: string | undefined
  let named = new Map<string, { readonly n: number; readonly by: Place }>()
  const enter = (place: Place): void => {
    if (place.file === file) return
    file = place.file
    named = new Map()
  }
  const name = (by: Place, after: string): void => {
    for (const [chain, n] of namedChains(after)) {
      if (n > (named.get(chain)?.n ?? 0)) named.set(chain, { n, by })
    }
  }
  return {
    take(line, after) {
      enter(line)
      const { chain, n } = line
      const found = named.get(chain)
      if (found !== undefined && n <= found.n) {
        const text = `it stands after line ${found.by.line}, which names it`
        onFault({ kind: 'reordered', file: line.file, line: line.line, chain, text })
      }
      if (n === 1 && after !== undefined) name(line, after)
    },
  }
}
