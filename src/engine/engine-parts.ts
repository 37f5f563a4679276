import type { EngineNeeds } from './needs.ts'
import type { Reservations } from './reservations.ts'

/** What the verbs that begin uploads are built from. */
export interface EngineParts extends EngineNeeds {
  readonly reservations: Reservations
}
