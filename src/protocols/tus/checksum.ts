import { createHash } from 'node:crypto'
import type { ByteSource, Ending, TakeBatch } from '../../core/bytes.ts'
import type { NetworkPrefix } from '../../core/client-address.ts'
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
  /** Room for a body from this network, empty at first; disposing of it gives all of it back. */
  open(network: NetworkPrefix): StagingRoom
}

/** What one request holds of the memory. */
export interface StagingRoom extends Disposable {
  /** Takes room for bytes that have come. Refuses (`staging-full`) when there is none. */
  take(bytes: number): void
}

/**
 * Memory of {@link MAX_STAGED_BYTES}, or of `limit` bytes, of which one network gets half: who sends
 * slowly holds what came of it, and does not shut out everybody else.
 */
export function staging(limit = MAX_STAGED_BYTES): Staging {
  const share = limit / 2
  const takenBy = new Map<NetworkPrefix, number>()
  let taken = 0
  return { open }

  function open(network: NetworkPrefix): StagingRoom {
    let held = 0
    return {
      take(bytes): void {
        const ofNetwork = (takenBy.get(network) ?? 0) + bytes
        if (taken + bytes > limit || ofNetwork > share) {
          throw new Refusal('staging-full', { taken, ofNetwork, bytes })
        }
        hold(bytes)
      },
      [Symbol.dispose](): void {
        hold(-held)
      },
    }

    function hold(bytes: number): void {
      held += bytes
      taken += bytes
      const ofNetwork = (takenBy.get(network) ?? 0) + bytes
      if (ofNetwork > 0) takenBy.set(network, ofNetwork)
      else takenBy.delete(network)
    }
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
  /** Where it comes from. */
  readonly network: NetworkPrefix
}

/**
 * The body, held back until all of it came and its checksum is right. `pump` rejects with
 * `checksum-mismatch` if it is wrong, `file-too-large` beyond {@link MAX_CHECKED_BYTES}, and
 * `staging-full`; nothing was handed on then, nor of a body that was cut.
 */
export function checkedBody(checked: Checked, memory: Staging): ByteSource {
  const { body, length, network } = checked
  let isCut = false
  return {
    async pump(take): Promise<Ending> {
      if ((length ?? 0) > MAX_CHECKED_BYTES) throw tooLarge()
      using room = memory.open(network)
      const staged = await stage(checked, room)
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
  { body, checksum: { algorithm, digest } }: Checked,
  room: StagingRoom,
): Promise<readonly Uint8Array[] | 'cut'> {
  const pieces: Uint8Array[] = []
  const hash = createHash(algorithm)
  let length = 0
  const ending = await body.pump((batch) => {
    for (const piece of batch) {
      length += piece.length
      if (length > MAX_CHECKED_BYTES) throw tooLarge()
      room.take(piece.length)
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
