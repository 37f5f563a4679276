import { type FindingStore, findingStore } from '../abuse/finding-store.ts'
import { PATTERNS } from '../risk/threats/pattern.ts'
import type { Stores } from './stores.ts'

/** The findings in the lists of the configured stores. */
export function storedFindings({ marks }: Pick<Stores, 'marks'>): FindingStore {
  const found = new Map(PATTERNS.map((pattern) => [pattern, marks(pattern)]))
  return findingStore({ found, ended: marks('ended') })
}
