import { createHash } from 'node:crypto'
import type { ByteSource, Ending, TakeBatch } from '../../core/bytes.ts'
import { Refusal } from '../../core/refusals.ts'

/** Algorithms of `Upload-Checksum` that are understood; tus 1.0 demands the first. */
export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256'] as const

/** Most bytes that one checksum may cover: they are held in memory until it is known to be right. */
export const MAX_CHECKED_BYTES = 16 * 2 ** 20

/** Most bytes that all requests together hold for that. */
const MAX_STAGED_BYTES = 4 * MAX_CHECKED_BYTES

/** What a client says of the bytes of one request. */
export interface Checksum {
  readonly algorithm: (typeof CHECKSUM_ALGORITHMS)[number]
  /** The digest in base64. */
  readonly digest: string
}

/** Memory for bodies whose checksum is not known yet, shared by all requests. */
export interface Staging {
  /** Room for so many bytes until it is disposed of. Refuses (`staging-full`) when there is none. */
  take(bytes: number): Disposable
}

/** Room for {@link MAX_STAGED_BYTES}, or for `limit` bytes. */
export function staging(limit = MAX_STAGED_BYTES): Staging {
  let taken = 0
  return {
    take(bytes): Disposable {
      if (taken + bytes > limit) throw new Refusal('staging-full', { taken, bytes })
      taken += bytes
      return {
        [Symbol.dispose](): void {
          taken -= bytes
        },
      }
    },
  }
}

/**
 * Reads `Upload-Checksum` (tus 1.0, Checksum): algorithm, space, digest in base64. Nothing for a
 * missing field. Refuses (`bad-request`) an unknown algorithm and a malformed digest.
 */
export function parseChecksum(field: string | undefined): Checksum | undefined {
  if (field === undefined) return undefined
  const { name, digest = '' } =
    /^(?<name>[\w-]+) +(?<digest>\S+)$/u.exec(field.trim())?.groups ?? {}
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name)
  if (algorithm === undefined) throw new Refusal('bad-request', { why: 'unknown checksum' })
  return { algorithm, digest }
}

/** A body that is handed on only if its checksum is right. */
export interface Checked {
  readonly body: ByteSource
  /** Length of the body, where it is known. */
  readonly length: number | undefined
  readonly checksum: Checksum
}

/**
 * The body, held back until all of it came and its checksum is right. `pump` rejects with
 * `checksum-mismatch` if it is wrong, `file-too-large` beyond {@link MAX_CHECKED_BYTES}, and
 * `staging-full`; nothing was handed on then, nor of a body that was cut.
 */
export function checkedBody({ body, length, checksum }: Checked, room: Staging): ByteSource {
  let isCut = false
  return {
    async pump(take): Promise<Ending> {
      const bytes = length ?? MAX_CHECKED_BYTES
      if (bytes > MAX_CHECKED_BYTES) throw tooLarge()
      using _room = room.take(bytes)
      const staged = await stage(body, checksum)
      return staged === 'cut' ? 'cut' : await handOn(staged, take)
    },
    cut(): void {
      isCut = true
      body.cut()
    },
  }

  async function handOn(pieces: readonly Uint8Array[], take: TakeBatch): Promise<Ending> {
    for (const piece of pieces) {
      if (isCut) return 'cut'
      await take([piece])
    }
    return 'end'
  }
}

async function stage(
  body: ByteSource,
  { algorithm, digest }: Checksum,
): Promise<readonly Uint8Array[] | 'cut'> {
  const pieces: Uint8Array[] = []
  const hash = createHash(algorithm)
  let length = 0
  const ending = await body.pump((batch) => {
    for (const piece of batch) {
      length += piece.length
      if (length > MAX_CHECKED_BYTES) throw tooLarge()
      hash.update(piece)
      // The buffers are lent for the time of this call.
      pieces.push(Uint8Array.from(piece))
    }
  })
  if (ending === 'cut') return 'cut'
  if (hash.digest('base64') !== digest)
    throw new Refusal('checksum-mismatch', { algorithm, length })
  return pieces
}

function tooLarge(): Refusal {
  return new Refusal('file-too-large', { limit: MAX_CHECKED_BYTES, why: 'with a checksum' })
}
