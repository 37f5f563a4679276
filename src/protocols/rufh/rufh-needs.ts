import type { Clock } from '../../core/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Handler } from '../../http/exchange.ts'
import type { Interim104 } from './interim.ts'

/** What the protocol is spoken with. */
export interface RufhNeeds {
  readonly gate: Gate
  readonly engine: Pick<
    Engine,
    'create' | 'append' | 'status' | 'abort' | 'sizeOf' | 'sizeOfResource'
  >
  readonly publicUrl: URL
  readonly clock: Clock
  readonly interim104: Interim104
  /** Answers requests that turn out not to speak the protocol. */
  readonly plain: Handler
}
