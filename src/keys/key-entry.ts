import type { Instant } from '../core/clock.ts'
import { isJsonObject } from '../core/json-object.ts'
import { randomId } from '../core/random.ts'

/** One master key as it is kept: a line of JSON, its times in RFC 3339. */
export interface KeyEntry {
  readonly kid: string
  readonly key: Buffer
  readonly createdAt: Instant
  /** What is new is derived from it from then on; what others derived from it is good before that. */
  readonly activeFrom: Instant
  /** Nothing that was derived from it is good any longer; nothing: it has no successor yet. */
  readonly retireAt?: Instant
}

/** All keys of a file, the newest first. */
export type KeyEntries = readonly [KeyEntry, ...KeyEntry[]]

const KEY_BYTES = 32
const KID_BYTES = 6

/** A new key. */
export function freshEntry(createdAt: Instant, activeFrom: Instant = createdAt): KeyEntry {
  // Not in base64url: a name that begins with a hyphen is a flag on a command line.
  const kid = randomBytesOf(KID_BYTES).toString('hex')
  return { kid, key: randomBytesOf(KEY_BYTES), createdAt, activeFrom }
}

function randomBytesOf(count: number): Buffer {
  return Buffer.from(randomId(count), 'base64url')
}

/** The line of a key. */
export function entryLine({ kid, key, createdAt, activeFrom, retireAt }: KeyEntry): string {
  const line = {
    kid,
    key: key.toString('base64url'),
    createdAt: timeText(createdAt),
    ...(activeFrom === createdAt ? {} : { activeFrom: timeText(activeFrom) }),
    ...(retireAt === undefined ? {} : { retireAt: timeText(retireAt) }),
  }
  return `${JSON.stringify(line)}\n`
}

/** The key in a line; nothing for any other text. */
export function parseEntry(line: string): KeyEntry | undefined {
  const parsed = parsedJson(line)
  if (!isJsonObject(parsed)) return undefined
  const { kid, key, createdAt, activeFrom = createdAt, retireAt } = parsed
  if (typeof kid !== 'string' || !/^[\w-]{1,32}$/u.test(kid)) return undefined
  if (typeof key !== 'string' || !/^[\w-]{43}$/u.test(key)) return undefined
  const times = { createdAt: instantOf(createdAt), activeFrom: instantOf(activeFrom) }
  if (Number.isNaN(times.createdAt) || Number.isNaN(times.activeFrom)) return undefined
  const entry = { kid, key: Buffer.from(key, 'base64url'), ...times }
  if (retireAt === undefined) return entry
  const end = instantOf(retireAt)
  return Number.isNaN(end) ? undefined : { ...entry, retireAt: end }
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // As little a key as any other text.
  }
}

function instantOf(text: unknown): Instant {
  return typeof text === 'string' ? Date.parse(text) : Number.NaN
}

function timeText(instant: Instant): string {
  return new Date(instant).toISOString()
}
