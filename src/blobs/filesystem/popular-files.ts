import { LRUCache } from 'lru-cache'
import { HEADROOM } from '../../core/bytes.ts'

/** Reads of an open file after which it counts as popular: a picture sent to a room is fetched by everybody there. */
export const POPULAR = 3

/** Bytes kept of all files together. */
const MOST_BYTES = 16 * 1024 * 1024

/** Milliseconds. Bounds how long bytes are kept of a file that another process removed. */
const LONGEST_KEPT = 300_000

/** The first bytes of a file, lent until they are disposed of. */
export interface KeptPiece extends Disposable {
  /** The headroom stands in front of them in the same memory. */
  readonly piece: Buffer
}

/** Beginnings of popular files, kept in memory: sent without a call to the operating system. */
export interface PopularFiles extends Disposable {
  /** The first `length` bytes of the file; nothing if they are not kept, or lent to somebody else. */
  borrow(name: string, length: number): KeptPiece | undefined
  /** Keeps a copy of the file's first bytes, unless as many are kept already. */
  keep(name: string, bytes: Uint8Array): void
  /** Drops what is kept of the file; whoever has borrowed it may go on. */
  forget(name: string): void
}

interface Kept extends KeptPiece {
  isLent: boolean
}

export function popularFiles(): PopularFiles {
  const all = new LRUCache<string, Kept>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ piece }) => HEADROOM + piece.length,
    ttl: LONGEST_KEPT,
    ttlAutopurge: true,
    ttlResolution: 1_000,
  })
  return {
    borrow: (name, length) => {
      const kept = all.get(name)
      if (kept === undefined || kept.isLent || kept.piece.length !== length) return undefined
      kept.isLent = true
      return kept
    },
    keep: (name, bytes) => {
      const known = all.peek(name)
      if (known === undefined || known.piece.length < bytes.length) all.set(name, keptOf(bytes))
    },
    forget: (name) => {
      all.delete(name)
    },
    [Symbol.dispose]: () => all.clear(),
  }
}

function keptOf(bytes: Uint8Array): Kept {
  const memory = Buffer.allocUnsafeSlow(HEADROOM + bytes.length)
  const piece = memory.subarray(HEADROOM)
  piece.set(bytes)
  const kept: Kept = {
    piece,
    isLent: false,
    [Symbol.dispose]: () => {
      kept.isLent = false
    },
  }
  return kept
}
