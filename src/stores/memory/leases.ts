import { type Stopwatch, systemStopwatch } from '../../core/clock.ts'
import { passingMap } from '../../core/passing-map.ts'
import type { Fingerprint } from '../../core/slot-path.ts'
import type { Lease, LeaseRequest, Leases } from '../../engine/ports.ts'
import { type Takeovers, takeovers } from './takeovers.ts'

/** Milliseconds a newcomer waits in a fight before it asks the holder, so that somebody gets ahead. */
const FIGHT_PAUSE = 1_000

/** Runs something after some milliseconds unless the returned function was called before. */
export type After = (milliseconds: number, run: () => void) => () => void

/** Leases among the requests of one process. */
export interface ProcessLeases extends Leases {
  /** Slots that somebody holds now. */
  readonly held: number
}

interface Holder {
  readonly release: LeaseRequest['release']
  asked: boolean
}

interface Waiter {
  readonly request: LeaseRequest
  readonly settle: (outcome: Lease | 'superseded') => void
}

/** There is one as long as somebody holds the slot. */
interface Queue {
  holder: Holder
  waiter: Waiter | undefined
  /** Nothing until somebody newer comes, which most never see. */
  takeovers: Takeovers | undefined
}

/**
 * Leases for one process: the newest request gets the slot as soon as its holder, asked once, has
 * given it back. Nobody is refused: after ten takeovers within ten seconds a newcomer waits
 * one second before it asks.
 *
 * A lease may be asked back before the caller of `acquire` has seen that it holds it.
 */
export function processLeases(needs: { stopwatch?: Stopwatch; after?: After } = {}): ProcessLeases {
  const { stopwatch = systemStopwatch, after = afterTimeout } = needs
  const queues = passingMap<Fingerprint, Queue>()

  function leaseOf(slot: Fingerprint, holder: Holder): Lease {
    return new ProcessLease(slot, () => {
      const queue = queues.get(slot)
      if (queue?.holder === holder) giveBack(slot, queue)
    })
  }

  function giveBack(slot: Fingerprint, queue: Queue): void {
    const { waiter } = queue
    if (waiter === undefined) {
      queues.delete(slot)
      return
    }
    queue.takeovers ??= takeovers(stopwatch)
    queue.takeovers.note()
    queue.holder = { release: waiter.request.release, asked: false }
    queue.waiter = undefined
    waiter.settle(leaseOf(slot, queue.holder))
  }

  async function wait(queue: Queue, request: LeaseRequest): Promise<Lease | 'superseded'> {
    const { signal } = request
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Lease | 'superseded'>()
    const waiter: Waiter = { request, settle: resolve }
    const leave = (): void => {
      if (queue.waiter !== waiter) return
      queue.waiter = undefined
      // The reason is the caller's own, whatever it is.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal.reason)
    }
    queue.waiter?.settle('superseded')
    queue.waiter = waiter
    signal.addEventListener('abort', leave, { once: true })
    const callOff = askInTurn(queue, after)
    try {
      return await promise
    } finally {
      callOff()
      signal.removeEventListener('abort', leave)
    }
  }

  return {
    acquire(slot, request) {
      const queue = queues.get(slot)
      if (queue !== undefined) return wait(queue, request)
      if (request.signal.aborted) return aborted(request.signal)
      const holder = { release: request.release, asked: false }
      queues.set(slot, { holder, waiter: undefined, takeovers: undefined })
      return leaseOf(slot, holder)
    },
    isHeld: (slot) => queues.has(slot),
    isHeldElsewhere: async () => false,
    get held() {
      return queues.size
    },
  }
}

/** A class, because one is made per upload. */
class ProcessLease implements Lease {
  readonly slot: Fingerprint
  readonly #giveBack: () => void

  constructor(slot: Fingerprint, giveBack: () => void) {
    this.slot = slot
    this.#giveBack = giveBack
  }

  [Symbol.dispose](): void {
    this.#giveBack()
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  throw signal.reason
}

/** Asks the holder, in a fight after a pause. Returns how to call that off. */
function askInTurn(queue: Queue, after: After): () => void {
  if (queue.takeovers?.isFight() === true) return after(FIGHT_PAUSE, () => askNow(queue))
  askNow(queue)
  return () => {}
}

function askNow({ holder, waiter }: Queue): void {
  if (holder.asked) return
  holder.asked = true
  holder.release(waiter?.request.by)
}

function afterTimeout(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}
