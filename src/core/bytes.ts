/** How a body ended: all of it came, or its sender is gone (closed, reset, idle, or cut by us). */
export type Ending = 'end' | 'cut'

/**
 * Takes the next pieces of a body. The buffers are lent for the call, no longer: who needs bytes
 * after it has returned copies them. While a promise is pending no further batch is handed over.
 */
export type TakeBatch = (batch: readonly Uint8Array[]) => void | Promise<void>

/**
 * A body on its way in. The one interface between listeners and the engine: small enough that
 * `node:http` and a listener with reused receive buffers can both feed it without a copy.
 */
export interface ByteSource {
  /**
   * Hands every batch to `take`, in order, then resolves to how the body ended. Starts the flow
   * (and sends `100 Continue` where asked for) when called; to be called at most once.
   * Rejects only with what `take` threw.
   */
  pump(take: TakeBatch): Promise<Ending>
  /** Ends the sender's connection unanswered (HTTP/2: that stream); `pump` resolves to `cut`. */
  cut(): void
}

/** Bytes `start` (inclusive) to `end` (exclusive). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Bytes in front of each piece read from a store, in the same memory, that are its taker's to write
 * over: an answer's head put there leaves with the piece in one write.
 */
export const HEADROOM = 2 * 1024
