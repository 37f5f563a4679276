import type { TimeAndChance } from './time-and-chance.ts'
import type { Transport } from './transport.ts'

export interface Patience {
  /** Milliseconds without progress after which a connection is held for dead. */
  readonly stall: number
  readonly time: Pick<TimeAndChance, 'now' | 'after'>
}

/**
 * A transport that gives dead connections up: those on which no byte moves for `stall` while some are unsent, and
 * those without an answer `stall` and three times the last answer's time after the last byte.
 */
export function watched(transport: Transport, { stall, time }: Patience): Transport {
  let answerTime = 0
  return async (request) => {
    const { body, signal, onSent } = request
    const size = body?.size ?? 0
    const dead = new AbortController()
    let furthest = 0
    let movedAt = 0
    let stop: (() => void) | undefined

    function moved(sent: number): void {
      stop?.()
      movedAt = time.now()
      const patience = sent < size ? stall : stall + 3 * answerTime
      stop = time.after(patience, () => {
        // An answer to bytes that crawl through buffers takes its time: the next one may take longer.
        if (sent > 0) answerTime = Math.max(answerTime, patience)
        dead.abort(new Error(`The connection is dead: nothing moved for ${Math.ceil(patience)} ms`))
      })
    }

    moved(0)
    try {
      const answer = await transport({
        ...request,
        signal: AbortSignal.any([signal, dead.signal]),
        onSent(sent) {
          if (sent > furthest) moved((furthest = sent))
          onSent?.(sent)
        },
      })
      answerTime = time.now() - movedAt
      return answer
    } catch (reason) {
      dead.signal.throwIfAborted()
      throw reason
    } finally {
      stop?.()
    }
  }
}
