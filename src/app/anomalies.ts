import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { randomId } from '../core/random.ts'
import type { EngineEvents } from '../engine/events.ts'
import { isReserving } from '../engine/slot-record.ts'
import { type AnomalyDetector, anomalyDetector } from '../risk/anomaly/detector.ts'
import { nameHash } from '../risk/name-hash.ts'
import { anomalyPolicyOf } from './risk-policy.ts'

/** What this process learns of users. */
export interface Anomalies {
  readonly detector: AnomalyDetector
  /** Counts unfinished uploads as `events` learns of them. */
  following(events: EngineEvents): EngineEvents
  /** Puts the policy of a new configuration into effect. */
  follow(config: Config): void
}

/** A detector that knows nothing yet, with a seed of its own: no hash of one process means anything to another. */
export function anomaliesOf(config: Config): Anomalies {
  let policy = anomalyPolicyOf(config)
  const seed = nameHash(randomId(16), 0)
  const { maxUsers: maxOwners } = config.anomaly
  const detector = anomalyDetector({ policy: () => policy, maxOwners, seed })
  return {
    detector,
    following: (events) => countingUploads(detector, events),
    follow(next): void {
      policy = anomalyPolicyOf(next)
    },
  }
}

function countingUploads(
  { began, ended }: Pick<AnomalyDetector, 'began' | 'ended'>,
  events: EngineEvents,
): EngineEvents {
  return {
    ...events,
    slotOpened(slot, client): void {
      events.slotOpened(slot, client)
      began(slot.owner, systemClock())
    },
    adopted(slot, upload, adoption): void {
      events.adopted(slot, upload, adoption)
      ended(adoption.from.owner, systemClock())
    },
    published(slot, upload, seconds): void {
      events.published(slot, upload, seconds)
      ended(slot.owner, systemClock())
    },
    abandoned(slot, upload, why): void {
      events.abandoned(slot, upload, why)
      if (!isReserving(slot)) ended(slot.owner, systemClock())
    },
  }
}
