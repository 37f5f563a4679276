/** Bytes of one block; it is used again and again. */
const BLOCK_BYTES = 64 * 1024

/** Blocks kept for later when nobody uses them; more are left to the garbage collector. */
const KEPT = 64

/** A piece smaller than this gets memory of its own. */
const SMALL = 1024

/** Most bytes, and most pieces, before there is no more room. */
const MOST_BYTES = 128 * 1024
const MOST_PIECES = 64

const free: Buffer[] = []

/** Bytes, and the block that is used again when they are not needed any more. */
interface Piece {
  readonly bytes: Uint8Array
  readonly block: Buffer | undefined
}

/** Copies of received bytes that nobody could take yet, in order. A class, because many requests need one. */
export class HeldBytes {
  readonly #pieces: Piece[] = []
  #length = 0

  /** Whether no more should be received for now. */
  get isFull(): boolean {
    return this.#length >= MOST_BYTES || this.#pieces.length >= MOST_PIECES
  }

  /** Copies the piece: its buffer is about to be used again. */
  add(piece: Uint8Array): void {
    this.#length += piece.length
    if (piece.length < SMALL) {
      this.#pieces.push({ bytes: Buffer.from(piece), block: undefined })
      return
    }
    for (let start = 0; start < piece.length; start += BLOCK_BYTES) {
      this.#pieces.push(blockOf(piece.subarray(start, start + BLOCK_BYTES)))
    }
  }

  /** The oldest bytes; nothing if there are none. They stay until `release`. */
  first(): Uint8Array | undefined {
    return this.#pieces[0]?.bytes
  }

  release(): void {
    const piece = this.#pieces.shift()
    if (piece === undefined) return
    this.#length -= piece.bytes.length
    if (piece.block !== undefined && free.length < KEPT) free.push(piece.block)
  }
}

function blockOf(piece: Uint8Array): Piece {
  const block = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  block.set(piece)
  return { bytes: block.subarray(0, piece.length), block }
}
