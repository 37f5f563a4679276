import { type FindingStore, findingStore } from '../../src/abuse/finding-store.ts'
import type { MarkStore } from '../../src/abuse/ports.ts'
import type { Clock } from '../../src/core/clock.ts'
import { PATTERNS } from '../../src/risk/threats/pattern.ts'
import { memoryMarkStore } from '../../src/stores/memory/mark-store.ts'

/** Findings of all patterns in memory; `around` sees every list that they stand in. */
export function memoryFindings(
  clock: Clock,
  around: (list: MarkStore) => MarkStore = (list) => list,
): FindingStore {
  const list = (): MarkStore => around(memoryMarkStore(clock))
  return findingStore({
    found: new Map(PATTERNS.map((pattern) => [pattern, list()])),
    ended: list(),
  })
}
