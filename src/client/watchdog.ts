import type { TimeAndChance } from './time-and-chance.ts'
import type { Transport } from './transport.ts'

export interface Patience {
  /** Milliseconds without progress after which a connection is held for dead. */
  readonly stall: number
  readonly time: Pick<TimeAndChance, 'now' | 'after'>
}

/** Most bytes of a file that lie in buffers on the way when the last is handed over, and how many leave them in a second. */
const BUFFERED = 8 * 2 ** 20
const DRAINED = 256 * 1024

/** No answer is expected to take longer than this many milliseconds. */
const LONGEST_ANSWER = 30_000

/**
 * A transport that gives dead connections up: those on which no byte moves for `stall` while some are unsent, and
 * those without an answer `stall` and three times the last answer's time after the last byte. A whole file may drain
 * before: to give it up too early would be to send all of it anew.
 */
export function watched(transport: Transport, { stall, time }: Patience): Transport {
  let answerTime = 0
  return async (request) => {
    const { method, body, signal, onSent } = request
    const size = body?.size ?? 0
    const draining = method === 'PUT' ? (Math.min(size, BUFFERED) / DRAINED) * 1000 : 0
    const dead = new AbortController()
    let furthest = 0
    let movedAt = 0
    let stop: (() => void) | undefined

    function moved(sent: number): void {
      stop?.()
      movedAt = time.now()
      const patience = sent < size ? stall : stall + 3 * answerTime + draining
      stop = time.after(patience, () => {
        // An answer to bytes that crawl through buffers takes its time: the next one may take longer.
        if (sent > 0) answerTime = Math.min(Math.max(answerTime, patience), LONGEST_ANSWER)
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
