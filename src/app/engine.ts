import { systemClock } from '../core/clock.ts'
import { randomId } from '../core/random.ts'
import type { UploadEngine } from '../engine/engine.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { EnginePolicy } from '../engine/policy.ts'
import { uploadEngine } from '../engine/upload-engine.ts'
import { processLeases } from '../stores/memory/leases.ts'
import type { Stores } from './stores.ts'

/** The engine of this process over its stores, with the machine's clock and randomness. */
export function engineOver(
  { slots, blobs }: Stores,
  events: EngineEvents,
  policy: () => EnginePolicy,
): UploadEngine {
  return uploadEngine({
    slots,
    blobs,
    leases: processLeases(),
    events,
    clock: systemClock,
    newId: randomId,
    deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
    policy,
  })
}
