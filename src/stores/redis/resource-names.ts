import type { Fingerprint } from '../../core/slot-path.ts'
import type { SlotRecord } from '../../engine/slot-record.ts'
import type { RedisConnection } from './connection.ts'
import type { Keys } from './keys.ts'
import { parseFingerprint } from './stored-text.ts'

/**
 * Which slot an upload resource belongs to. In a cluster a name may stand on another server than
 * its record, so they can't change together: a name is stored before the record and removed after it,
 * and the record has the last word. A crash in between leaves a name too many, never one too few.
 */
export interface ResourceNames {
  find(resource: string): Promise<Fingerprint | undefined>
  /** Stores the names of the record's uploads. */
  add(record: SlotRecord): Promise<void>
  /** Removes the names that `before` had and `after` has not. */
  drop(before: SlotRecord, after?: SlotRecord): Promise<void>
}

export function resourceNames(connection: RedisConnection, keys: Keys): ResourceNames {
  return {
    async find(resource) {
      const found = await connection.command(['get', keys.resource(resource)])
      return found === null ? undefined : parseFingerprint(found)
    },
    async add(record) {
      const writes = namesOf(record).map(
        async (name) => await connection.store(['set', keys.resource(name), record.fingerprint]),
      )
      await Promise.all(writes)
    },
    async drop(before, after) {
      const kept = new Set(after === undefined ? [] : namesOf(after))
      const gone = namesOf(before).filter((name) => !kept.has(name))
      // The record is stored; a name that stays is harmless.
      await Promise.allSettled(
        gone.map(async (name) => await connection.command(['del', keys.resource(name)])),
      )
    },
  }
}

function namesOf({ uploads }: SlotRecord): readonly string[] {
  return uploads.flatMap(({ resource }) => resource ?? [])
}
