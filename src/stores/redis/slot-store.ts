import type { Fingerprint } from '../../core/slot-path.ts'
import type { SlotStore } from '../../engine/ports.ts'
import type { SlotRecord } from '../../engine/slot-record.ts'
import type { RedisConnection, Script } from './connection.ts'
import { keysBelow } from './keys.ts'
import { resourceNames } from './resource-names.ts'
import { dueAt, listedIn, reservedBy } from './slot-lists.ts'
import { CREATE, REMOVE, REPLACE } from './slot-scripts.ts'
import { leaseText, parseFingerprint, parseRecordText, recordText } from './stored-text.ts'

/** What a script is told about a record, beside its fingerprint. */
interface Change {
  readonly held?: string
  readonly record?: SlotRecord
}

/**
 * Records of slots in Redis, shared by all processes that use the same `prefix`. A record and
 * everything that is looked up by its fields change in one script. The connection stays open
 * when the store is disposed of.
 */
export function redisSlotStore(connection: RedisConnection, prefix: string): SlotStore {
  const keys = keysBelow(prefix)
  const slots = { connection, keys }
  const resources = resourceNames(connection, keys)

  async function find(fingerprint: Fingerprint): Promise<SlotRecord | undefined> {
    const { slot } = keys.bucketOf(fingerprint)
    return parseRecordText(await connection.command(['get', slot(fingerprint)]))
  }

  /** Runs the script; resolves to the record that was there. */
  async function change(
    script: Script,
    fingerprint: Fingerprint,
    { held = '', record }: Change,
  ): Promise<SlotRecord | undefined> {
    const { slot, all, reserving, due, reserved } = keys.bucketOf(fingerprint)
    const text = record === undefined ? '' : recordText(record)
    const args = [fingerprint, held, text, record?.dueAt ?? '']
    const call = { script, keys: [slot(fingerprint), all, reserving, due, reserved], args }
    return parseRecordText(await connection.store(call))
  }

  return {
    find,
    async findByResource(resource) {
      const fingerprint = await resources.find(resource)
      const record = fingerprint === undefined ? undefined : await find(fingerprint)
      return record?.uploads.some((upload) => upload.resource === resource) ? record : undefined
    },
    async create(record) {
      await resources.add(record)
      return (await change(CREATE, record.fingerprint, { record })) ?? record
    },
    async replace(record, held) {
      await resources.add(record)
      const before = await change(REPLACE, record.fingerprint, { held: leaseText(held), record })
      if (before !== undefined) await resources.drop(before, record)
      return before !== undefined
    },
    async remove(fingerprint, held) {
      const before = await change(REMOVE, fingerprint, { held: leaseText(held) })
      if (before !== undefined) await resources.drop(before)
      return before !== undefined
    },
    reserved: async (owner) => await reservedBy(owner, slots),
    async claim(claim, fingerprint) {
      const before = await connection.store(['set', keys.claim(claim), fingerprint, 'NX', 'GET'])
      return before === null ? fingerprint : parseFingerprint(before)
    },
    due: async (now, limit) => await dueAt(now, limit, slots),
    reserving: () => listedIn(({ reserving }) => reserving, slots),
    all: () => listedIn(({ all }) => all, slots),
    async ping() {
      await Promise.all(connection.nodes().map(async (node) => await node.ask('ping')))
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
