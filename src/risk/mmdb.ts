import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Reader, Response } from 'maxmind'
import { isJsonObject } from '../core/json-object.ts'
import { OperatorError } from '../core/operator-error.ts'
import { type RecordedPlace, placeOf } from './mmdb-record.ts'

/** A database in the memory of this process. */
export interface Database {
  readonly file: string
  /** The kind that it says it is, such as `GeoLite2-City`. */
  readonly type: string
  readonly builtAt: Date
  /** What it says of an address, which must be one; nothing if it does not know it. Throws if it is damaged there. */
  find(address: string): RecordedPlace | undefined
}

/** Decoded values that are kept: many addresses share one. */
const CACHED = 4_096

/** Addresses from everywhere; a damaged database mostly fails at one of them. */
const SAMPLES = Array.from({ length: 223 }, (_, index) => `${index + 1}.1.1.1`)

/**
 * Reads a database in the MMDB format, version 2, whole into memory.
 * @throws {OperatorError} if it cannot be read or is damaged
 */
export async function readDatabase(file: string): Promise<Database> {
  try {
    // Loaded here, so that it costs nothing where there is no database.
    const [{ Reader }, bytes] = await Promise.all([import('maxmind'), readFile(file)])
    const cache = new LRUCache<string | number, object>({ max: CACHED })
    const reader = new Reader(bytes, { cache })
    refuseDamaged(reader, bytes)
    const { databaseType: type, buildEpoch: builtAt, ipVersion } = reader.metadata
    const read = oncePerRecord()
    const find = (address: string): RecordedPlace | undefined =>
      // In a database of IPv4 its first bits would be taken for those of an IPv4 address.
      ipVersion === 4 && isIPv6(address) ? undefined : read(reader.get(address))
    return { file, type, builtAt, find }
  } catch (cause) {
    throw new OperatorError(`The database ${file} cannot be used`, cause)
  }
}

/** What records say, looked at once for each that is kept decoded. */
function oncePerRecord(): (record: unknown) => RecordedPlace | undefined {
  const known = new WeakMap<object, RecordedPlace | undefined>()
  return (record) => {
    if (!isJsonObject(record)) return undefined
    if (known.has(record)) return known.get(record)
    const place = placeOf(record)
    known.set(record, place)
    return place
  }
}

function refuseDamaged(reader: Reader<Response>, bytes: Buffer): void {
  const { binaryFormatMajorVersion: version, searchTreeSize } = reader.metadata
  if (version !== 2) throw new Error(`it is in version ${version} of the MMDB format`)
  if (!(searchTreeSize < bytes.length)) throw new Error('it is cut off')
  for (const address of SAMPLES) reader.get(address)
}
