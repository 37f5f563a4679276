/** Characters of base64url (RFC 4648 §5) in the order in which texts are sorted. */
const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

/** Parts into which the slots are divided: a cluster can give each to another server. Never to be changed. */
const BUCKETS = 16

/** The keys of everything that belongs to the slots of one bucket; one hash tag, so one server has them. */
export interface Bucket {
  /** The record of a slot. */
  readonly slot: (fingerprint: string) => string
  /** All fingerprints, sorted. */
  readonly all: string
  /** The fingerprints of the slots that reserve, sorted. */
  readonly reserving: string
  /** Fingerprints by the time at which they are due. */
  readonly due: string
  /** What the slots reserve, by owner. */
  readonly reserved: string
  /** The record of a session. */
  readonly session: (key: string) => string
  /** All sessions by the time at which they were opened. */
  readonly opened: string
  /** The sessions without an unfinished upload by the time of their latest request. */
  readonly idle: string
}

/** The names of everything that is kept in Redis below one prefix. */
export interface Keys {
  /** In the order of the fingerprints in them. */
  readonly buckets: readonly Bucket[]
  readonly bucketOf: (fingerprint: string) => Bucket
  readonly resource: (resource: string) => string
  readonly claim: (claim: string) => string
  readonly lease: (slot: string) => string
  /** What was redeemed; the key is there for as long as that is to be known. */
  readonly nonce: (nonce: string) => string
  /** A list of names by their ends. */
  readonly marks: (list: string) => string
  /** The `kid` of the master key of whichever server started last. */
  readonly masterKey: string
  /** Channel of the messages for one process. */
  readonly inbox: (process: string) => string
  /** Channel that tells which slot was published. */
  readonly published: string
}

export function keysBelow(prefix: string): Keys {
  const buckets = Array.from({ length: BUCKETS }, (_, number) =>
    bucketNamed(`{${prefix}:${number}}`),
  )
  const first = bucketNamed(`{${prefix}:0}`)
  return {
    buckets,
    bucketOf: (fingerprint) => buckets[bucketNumber(fingerprint)] ?? first,
    resource: (resource) => `${prefix}:resource:${resource}`,
    claim: (claim) => `${prefix}:claim:${claim}`,
    lease: (slot) => `${prefix}:lease:${slot}`,
    nonce: (nonce) => `${prefix}:nonce:${nonce}`,
    marks: (list) => `${prefix}:marks:${list}`,
    masterKey: `${prefix}:master-key`,
    inbox: (process) => `${prefix}:inbox:${process}`,
    published: `${prefix}:published`,
  }
}

function bucketNumber(fingerprint: string): number {
  const place = ALPHABET.indexOf(fingerprint.charAt(0))
  return Math.max(0, Math.floor((place * BUCKETS) / ALPHABET.length))
}

function bucketNamed(name: string): Bucket {
  return {
    slot: (fingerprint) => `${name}:slot:${fingerprint}`,
    all: `${name}:all`,
    reserving: `${name}:reserving`,
    due: `${name}:due`,
    reserved: `${name}:reserved`,
    session: (key) => `${name}:session:${key}`,
    opened: `${name}:opened`,
    idle: `${name}:idle`,
  }
}
