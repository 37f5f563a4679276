import { namedChains } from './audit-chain.ts'

/** What proved lines tell of chains and lines. */
export interface ChainNews {
  /** Takes the fields of a line. */
  take(event: string, fields: Readonly<Record<string, unknown>>): void
  /** Chains that must be there, each with the number of a line that it has. */
  readonly named: ReadonlyMap<string, number>
  /** Chains whose file the server removed: one is in a single file. */
  readonly removed: ReadonlySet<string>
  /** Lines that the server could not write. */
  readonly lost: number
}

/** Collects what is told of chains. */
export function chainNews(): ChainNews {
  const named = new Map<string, number>()
  const removed = new Set<string>()
  let lost = 0
  return {
    named,
    removed,
    get lost() {
      return lost
    },
    take(event, fields) {
      if (event === 'chain-began') {
        const { after } = fields
        for (const [chain, n] of namedChains(typeof after === 'string' ? after : '')) {
          named.set(chain, Math.max(n, named.get(chain) ?? 0))
        }
      } else if (event === 'chain-removed') {
        removed.add(String(fields['of']))
      } else if (event === 'lines-lost') {
        lost += Number(fields['count'])
      }
    },
  }
}
