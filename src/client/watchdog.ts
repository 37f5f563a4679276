import { ConnectionLost } from './connection-lost.ts'
import { onNewWay } from './network-change.ts'
import type { Network } from './platform.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import type { Transport, UploadRequest } from './transport.ts'
import { UploadError } from './upload-error.ts'

export interface Patience {
  /** Milliseconds without progress after which a connection is held for dead. */
  readonly stall: number
  readonly time: Pick<TimeAndChance, 'now' | 'after'>
  readonly network: Network
}

/** Most bytes of a file that lie in buffers on the way when the last is handed over, and how many leave them in a second. */
const BUFFERED = 8 * 2 ** 20
const DRAINED = 256 * 1024

/** Milliseconds without progress that are enough once the device has a way after its network changed. */
const GRACE = 1000

/** Patience that was not enough doubles up to so many milliseconds. */
const LONGEST = 30_000

/** What became of the requests of a method. */
interface Past {
  /** So many of the last ones were given up. */
  deaths: number
  /** Milliseconds from the last byte of the last that was answered to its answer. */
  answerTime: number
}

/**
 * A transport that gives dead connections up: those on which no byte moves for `stall` while some are unsent, and
 * those without an answer `stall` and three times the last such answer's time after the last byte. A whole file may
 * drain before: to give it up too early would be to send all of it anew. Where that was too soon, the next request of
 * the method gets twice the time. Once a probe has found that the device has a way after its network changed, a second
 * of silence is enough, and the last answer's time.
 *
 * It rejects with `ConnectionLost` where the transport rejected, unless that was with `UploadError`, and with
 * `TypeError` if a header field cannot be sent at all.
 */
export function watched(transport: Transport, { stall, time, network }: Patience): Transport {
  const pasts: Partial<Record<UploadRequest['method'], Past>> = {}
  return async (request) => {
    const { method, headers, body } = request
    void new Headers(headers)
    const size = body?.size ?? 0
    const draining = method === 'PUT' ? (Math.min(size, BUFFERED) / DRAINED) * 1000 : 0
    const past = (pasts[method] ??= { deaths: 0, answerTime: 0 })
    const ended = new AbortController()
    const signal = AbortSignal.any([request.signal, ended.signal])
    let furthest = 0
    // What buffers take after the network changed says nothing of the way.
    let doubtedTo = -1
    let movedAt = 0
    let stop: (() => void) | undefined

    function wait(): void {
      stop?.()
      const [silence, answers] = furthest < doubtedTo ? [GRACE, 1] : [stall, 3]
      const most = Math.max(silence, Math.min(silence * 2 ** past.deaths, LONGEST))
      const patience = most + (furthest < size ? 0 : answers * past.answerTime + draining)
      stop = time.after(patience, () => {
        past.deaths += 1
        const rounded = Math.ceil(patience)
        ended.abort(new ConnectionLost(`The connection is dead: nothing moved for ${rounded} ms`))
      })
    }

    function moved(sent: number): void {
      furthest = sent
      movedAt = time.now()
      wait()
    }

    moved(0)
    onNewWay({ ...request, signal }, { transport, network }, () => {
      if (furthest < doubtedTo) return
      doubtedTo = furthest + BUFFERED
      wait()
    })
    try {
      const answer = await transport({
        ...request,
        signal,
        onSent(sent) {
          if (sent > furthest) moved(sent)
          tell(request, sent, ended)
        },
      })
      pasts[method] = { deaths: 0, answerTime: time.now() - movedAt }
      return answer
    } catch (reason) {
      ended.signal.throwIfAborted()
      throw reason instanceof UploadError
        ? reason
        : new ConnectionLost('No answer came', { cause: reason })
    } finally {
      stop?.()
      ended.abort()
    }
  }
}

/** A fault of whoever listens is no fault of the connection: it ends the request as it is. */
function tell({ onSent }: UploadRequest, sent: number, ended: AbortController): void {
  try {
    onSent?.(sent)
  } catch (fault) {
    ended.abort(fault)
    throw fault
  }
}
