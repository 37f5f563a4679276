import type { Instant } from '../../core/clock.ts'
import type { Reserved } from '../../engine/ports.ts'
import type { SlotRecord } from '../../engine/slot-record.ts'
import { type RedisConnection, valuesOf } from './connection.ts'
import type { Bucket, Keys } from './keys.ts'
import { ownerText, parseRecordText, parseTexts } from './stored-text.ts'

/** Records read at once. */
const PAGE = 256

/** Where the slots of all buckets are looked for. */
export interface Slots {
  readonly connection: RedisConnection
  readonly keys: Keys
}

/** What the open uploads of an owner reserve, in all buckets together. */
export async function reservedBy(owner: string, { connection, keys }: Slots): Promise<Reserved> {
  const fields = [`uploads ${ownerText(owner)}`, `bytes ${ownerText(owner)}`]
  const sums = keys.buckets.map(async ({ reserved }) => {
    const answer = await connection.command(['hmget', reserved, ...fields])
    return Array.isArray(answer) ? answer.map(Number) : []
  })
  let [uploads, bytes] = [0, 0]
  for (const [some = 0, more = 0] of await Promise.all(sums)) {
    uploads += some
    bytes += more
  }
  return { uploads, bytes }
}

/** The records due at `now`, earliest first, at most `limit`. */
export async function dueAt(
  now: Instant,
  limit: number,
  { connection, keys }: Slots,
): Promise<readonly SlotRecord[]> {
  const found = keys.buckets.map(async (bucket) => {
    const range = ['-inf', now, 'BYSCORE', 'LIMIT', 0, limit] as const
    const names = parseTexts(await connection.command(['zrange', bucket.due, ...range]))
    return await recordsOf(names, bucket, connection)
  })
  return (await Promise.all(found))
    .flat()
    .filter((record) => timeOf(record) <= now)
    .toSorted((a, b) => timeOf(a) - timeOf(b))
    .slice(0, limit)
}

function timeOf({ dueAt: time = Infinity }: SlotRecord): Instant {
  return time
}

/** The records whose fingerprints stand in an index of every bucket, bucket by bucket, in their order. */
export async function* listedIn(
  index: (bucket: Bucket) => string,
  { connection, keys }: Slots,
): AsyncGenerator<SlotRecord> {
  for (const bucket of keys.buckets) {
    let from: string | undefined = '-'
    while (from !== undefined) {
      const range = [from, '+', 'BYLEX', 'LIMIT', 0, PAGE] as const
      const names = parseTexts(await connection.command(['zrange', index(bucket), ...range]))
      yield* await recordsOf(names, bucket, connection)
      const last = names.at(-1)
      from = last === undefined ? undefined : `(${last}`
    }
  }
}

/** The records of these fingerprints that are still there. */
async function recordsOf(
  fingerprints: readonly string[],
  { slot }: Bucket,
  connection: RedisConnection,
): Promise<readonly SlotRecord[]> {
  const texts = await valuesOf(fingerprints.map(slot), connection)
  return texts.flatMap((text) => parseRecordText(text) ?? [])
}
