import type { ClientAddress } from '../core/client-address.ts'
import type { Clock } from '../core/clock.ts'
import type { EngineEvents } from './events.ts'
import type { EnginePolicy } from './policy.ts'
import type { BlobStore, Leases, Notices, SlotStore } from './ports.ts'
import type { TransitionContext } from './transitions.ts'

/** Everything the engine's parts are built from. */
export interface EngineNeeds {
  readonly slots: SlotStore
  readonly blobs: BlobStore
  readonly leases: Leases
  /** Where several processes share the slots. */
  readonly notices?: Notices
  readonly events: EngineEvents
  readonly clock: Clock
  /** Fresh random text of so many bytes. */
  readonly newId: (bytes: number) => string
  /** The name under which a client's network may be stored. */
  readonly networkName: (client: ClientAddress) => string
  /** A signal that aborts after so many milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal
  /** What the operator decided; asked anew each time, because it may change while the engine runs. */
  readonly policy: () => EnginePolicy
}

/** What a transition needs to know now. */
export function contextOf({ clock, policy }: EngineNeeds): TransitionContext {
  return { now: clock(), policy: policy() }
}

/** Bytes of randomness in the names of slots, uploads and leases. */
export const ID_BYTES = 16
