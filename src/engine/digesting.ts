import { type Hash, createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DeliveryDigests, DigestAlgorithm, Digests } from '../core/digests.ts'
import { Refusal } from '../core/refusals.ts'
import type { BlobStore, TakePiece } from './ports.ts'
import type { UploadRecord } from './slot-record.ts'
import type { Holder } from './tenure.ts'

/** Digests of a body and of the file that it completes, made while the bytes pass. */
export interface Digesting {
  /** Whether the body's bytes may be kept only once all of them came and were right. */
  readonly holdsBack: boolean
  update(batch: readonly Uint8Array[]): void
  /** To be called when the body has ended: refuses (`digest-mismatch`) one that is not what it should be. */
  checkBody(): void
  /** To be called when the file is complete: refuses as well; returns the digest that was wanted. */
  checkFile(): Digests | undefined
}

/** One body of an upload, with what is said of the digests. */
export interface Digested {
  readonly upload: UploadRecord
  readonly completes: boolean
  readonly digests?: DeliveryDigests | undefined
  readonly holder: Pick<Holder, 'untilOver'>
}

const NO_DIGESTS: Digesting = {
  holdsBack: false,
  update: () => {},
  checkBody: () => {},
  checkFile: () => undefined,
}

/**
 * What becomes of the digests of a body; costs nothing where none are named. Nothing if the sender was
 * ended, or asked to give way, while they were prepared.
 */
export function digestsOf(
  digested: Digested,
  blobs: BlobStore,
): Digesting | Promise<Digesting | undefined> {
  const isSilent = digested.digests === undefined && digested.upload.digests === undefined
  return isSilent ? NO_DIGESTS : digesting(digested, blobs)
}

/**
 * Prepares the digests that a body needs. Where it completes a file whose first bytes came
 * before, those are read again now: after the last byte nobody should have to wait for it.
 */
async function digesting(
  { upload, completes, digests, holder }: Digested,
  blobs: BlobStore,
): Promise<Digesting | undefined> {
  const content = digests?.content ?? {}
  const whole = completes ? { ...upload.digests, ...digests?.whole } : {}
  const wanted = completes ? digests?.wanted : undefined
  const ofBody = hashes(Object.keys(content))
  const ofFile = hashes([...Object.keys(whole), wanted])
  if (ofBody.size === 0 && ofFile.size === 0) return NO_DIGESTS
  if (ofFile.size > 0 && upload.durable > 0) {
    const [range, signal] = [{ start: 0, end: upload.durable }, holder.untilOver()]
    const take = hashing(ofFile)
    const isRead = await toItsEnd(signal, blobs.readPart(upload.id, { range, take, signal }))
    if (!isRead) return undefined
  }
  return {
    ...checking({ ofBody, ofFile }, { content, whole, wanted }),
    update(batch): void {
      for (const piece of batch) updateAll([...ofBody.values(), ...ofFile.values()], piece)
    },
  }
}

/**
 * What becomes of the digests of a body that is compared with a published file. The file is read now: after
 * the last byte nobody should have to wait for it.
 */
export async function repeatedDigests(
  file: { readonly id: string; readonly size: number },
  { content = {}, whole = {}, wanted }: DeliveryDigests = {},
  blobs: BlobStore,
): Promise<Digesting> {
  const ofBody = hashes(Object.keys(content))
  const ofFile = hashes([...Object.keys(whole), wanted])
  if (ofFile.size > 0) {
    await blobs.read(file.id, { range: { start: 0, end: file.size }, take: hashing(ofFile) })
  }
  return {
    ...checking({ ofBody, ofFile }, { content, whole, wanted }),
    update(batch): void {
      for (const piece of batch) updateAll(ofBody.values(), piece)
    },
  }
}

/** What is asked of the hashes once their bytes have come. */
function checking(
  { ofBody, ofFile }: { readonly ofBody: Hashes; readonly ofFile: Hashes },
  {
    content,
    whole,
    wanted,
  }: Pick<Required<DeliveryDigests>, 'content' | 'whole'> & {
    readonly wanted: DigestAlgorithm | undefined
  },
): Omit<Digesting, 'update'> {
  return {
    holdsBack: ofBody.size > 0,
    checkBody: () => void checked(ofBody, content, 'body'),
    checkFile(): Digests | undefined {
      const made = checked(ofFile, whole, 'file')
      return wanted === undefined ? undefined : { [wanted]: made[wanted] ?? '' }
    },
  }
}

/** The digest of a published file; nothing if the signal aborted first. */
export async function digestOf(
  file: { readonly id: string; readonly size: number },
  { algorithm, signal }: { algorithm: DigestAlgorithm; signal: AbortSignal },
  blobs: BlobStore,
): Promise<Digests | undefined> {
  const hash = createHash(algorithm)
  const range = { start: 0, end: file.size }
  const take = hashing(new Map([[algorithm, hash]]))
  const isRead = await toItsEnd(signal, blobs.read(file.id, { range, take, signal }))
  return isRead ? { [algorithm]: hash.digest('base64') } : undefined
}

type Hashes = ReadonlyMap<DigestAlgorithm, Hash>

const ALGORITHMS: readonly DigestAlgorithm[] = ['sha256', 'sha512']

function hashes(names: readonly (string | undefined)[]): Hashes {
  const known = ALGORITHMS.filter((algorithm) => names.includes(algorithm))
  return new Map(known.map((algorithm) => [algorithm, createHash(algorithm)]))
}

function updateAll(all: Iterable<Hash>, piece: Uint8Array): void {
  for (const hash of all) hash.update(piece)
}

function checked(all: Hashes, expected: Digests, of: 'body' | 'file'): Digests {
  const made: Digests = Object.fromEntries(
    [...all].map(([algorithm, hash]) => [algorithm, hash.digest('base64')]),
  )
  for (const algorithm of ALGORITHMS) {
    const promised = expected[algorithm]
    if (promised !== undefined && promised !== made[algorithm]) {
      throw new Refusal('digest-mismatch', { of, algorithm })
    }
  }
  return made
}

/** Everybody else gets a turn between two pieces: a long file takes seconds. */
function hashing(all: Hashes): TakePiece {
  return async (piece) => {
    updateAll(all.values(), piece)
    await nextTurn()
  }
}

/** Whether the reading came to its end before the signal ended it. */
async function toItsEnd(signal: AbortSignal, reading: Promise<void>): Promise<boolean> {
  try {
    await reading
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}
