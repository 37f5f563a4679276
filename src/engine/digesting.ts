import { type Hash, createHash } from 'node:crypto'
import { Refusal } from '../core/refusals.ts'
import type { DeliveryDigests } from './engine.ts'
import type { BlobStore } from './ports.ts'
import type { DigestAlgorithm, Digests, UploadRecord } from './slot-record.ts'

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
  readonly digests?: DeliveryDigests
}

const NO_DIGESTS: Digesting = {
  holdsBack: false,
  update: () => {},
  checkBody: () => {},
  checkFile: () => undefined,
}

/** What becomes of the digests of a body; costs nothing where none are named. */
export function digestsOf(digested: Digested, blobs: BlobStore): Digesting | Promise<Digesting> {
  const isSilent = digested.digests === undefined && digested.upload.digests === undefined
  return isSilent ? NO_DIGESTS : digesting(digested, blobs)
}

/**
 * Prepares the digests that a body needs. Where it completes a file whose first bytes came
 * before, those are read again now: after the last byte nobody should have to wait for it.
 */
async function digesting(
  { upload, completes, digests }: Digested,
  blobs: BlobStore,
): Promise<Digesting> {
  const content = digests?.content ?? {}
  const whole = completes ? { ...upload.digests, ...digests?.whole } : {}
  const wanted = completes ? digests?.wanted : undefined
  const ofBody = hashes(Object.keys(content))
  const ofFile = hashes([...Object.keys(whole), wanted])
  if (ofBody.size === 0 && ofFile.size === 0) return NO_DIGESTS
  if (ofFile.size > 0) await readAgain(upload, ofFile, blobs)
  return {
    holdsBack: ofBody.size > 0,
    update(batch): void {
      for (const piece of batch) updateAll([...ofBody.values(), ...ofFile.values()], piece)
    },
    checkBody: () => void checked(ofBody, content, 'body'),
    checkFile(): Digests | undefined {
      const made = checked(ofFile, whole, 'file')
      return wanted === undefined ? undefined : { [wanted]: made[wanted] ?? '' }
    },
  }
}

/** The digest of a published file. */
export async function digestOf(
  file: { readonly id: string; readonly size: number },
  algorithm: DigestAlgorithm,
  blobs: BlobStore,
): Promise<Digests> {
  const hash = createHash(algorithm)
  const range = { start: 0, end: file.size }
  await blobs.read(file.id, { range, take: (piece) => void hash.update(piece) })
  return { [algorithm]: hash.digest('base64') }
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

/** Only files can be read: the part is made one for a moment, under its own name, which no slot has. */
async function readAgain(
  { id, durable }: UploadRecord,
  all: Hashes,
  blobs: BlobStore,
): Promise<void> {
  if (durable === 0) return
  await blobs.publish(id, id, { sync: false })
  try {
    const range = { start: 0, end: durable }
    await blobs.read(id, { range, take: (piece) => updateAll(all.values(), piece) })
  } finally {
    await blobs.removeFile(id)
  }
}
