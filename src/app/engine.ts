import type { ClientAddress } from '../core/client-address.ts'
import { systemClock } from '../core/clock.ts'
import { randomId } from '../core/random.ts'
import type { UploadEngine } from '../engine/engine.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { EnginePolicy } from '../engine/policy.ts'
import { uploadEngine } from '../engine/upload-engine.ts'
import type { Stores } from './stores.ts'

/** What tells one engine from another, beside its stores. */
export interface EngineSettings {
  readonly policy: () => EnginePolicy
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
}

/** The engine of this process over its stores, with the machine's clock and randomness. */
export function engineOver(
  { slots, blobs, leases, notices }: Pick<Stores, 'slots' | 'blobs' | 'leases' | 'notices'>,
  events: EngineEvents,
  settings: EngineSettings,
): UploadEngine {
  return uploadEngine({
    slots,
    blobs,
    leases,
    ...(notices === undefined ? {} : { notices }),
    events,
    clock: systemClock,
    newId: randomId,
    deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
    ...settings,
  })
}
