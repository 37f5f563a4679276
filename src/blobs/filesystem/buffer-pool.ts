import { HEADROOM } from '../../core/bytes.ts'

/** Bytes of a file that one pooled buffer holds, behind its headroom. */
export const BUFFER_BYTES = 256 * 1024

/** Buffers kept for later when nobody uses them; more are left to the garbage collector. */
const KEPT = 64

/** A buffer in use; disposing gives it back. */
export interface PooledBuffer extends Disposable {
  /** The headroom, and `BUFFER_BYTES` behind it. */
  readonly bytes: Buffer
}

/** Buffers that are used again: a fresh one per read would come back cold from the collector. */
export interface BufferPool {
  borrow(): PooledBuffer
  /** Buffers that are borrowed now. */
  readonly lent: number
}

export function bufferPool(): BufferPool {
  const free: PooledBuffer[] = []
  let lent = 0

  function made(): PooledBuffer {
    const buffer: PooledBuffer = {
      bytes: Buffer.allocUnsafeSlow(HEADROOM + BUFFER_BYTES),
      [Symbol.dispose]: () => {
        lent--
        if (free.length < KEPT) free.push(buffer)
      },
    }
    return buffer
  }

  return {
    borrow: () => {
      lent++
      return free.pop() ?? made()
    },
    get lent() {
      return lent
    },
  }
}
