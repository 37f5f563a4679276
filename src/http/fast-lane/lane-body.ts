import process from 'node:process'
import type { Ending, TakeBatch } from '../../core/bytes.ts'
import { NOWHERE } from '../../core/passing-set.ts'
import type { RequestBody } from '../body-source.ts'
import type { BodyWatch, Looks, WatchedBody } from '../body-watch.ts'
import { HeldBytes } from './held-bytes.ts'
import { type Loan, bytesOf, lend } from './receive-buffer.ts'

/** Stands for a taker that has got all that it gets. */
const TAKEN: TakeBatch = () => {}

/** What the body needs of its exchange. */
interface BodyOwner {
  /** Sends `100 Continue` if the client waits for it. */
  proceed(): void
  pause(): void
  resume(): void
  destroy(): void
}

/**
 * A body that is taken out of the buffer it was received into: no copy is made unless its taker is
 * busy, or not there when all that needs no waiting has been done. A class, because one is made per request.
 */
export class LaneBody implements RequestBody, WatchedBody {
  seat = NOWHERE
  looks: Looks | undefined = undefined
  received = 0
  paused = false
  readonly #length: number
  readonly #watch: BodyWatch
  readonly #needs: BodyOwner
  #held: HeldBytes | undefined = undefined
  /** What came with the head. */
  #loan: Loan | undefined = undefined
  #take: TakeBatch | undefined = undefined
  #busy = false
  #ending: Ending | undefined = undefined
  /** Answered without it, or cut by us: nothing is handed over any more. */
  #refused = false
  #resolve: ((ending: Ending) => void) | undefined = undefined
  #reject: ((reason: unknown) => void) | undefined = undefined

  /** `length` is at least 1 byte. */
  constructor(length: number, watch: BodyWatch, needs: BodyOwner) {
    this.#length = length
    this.#watch = watch
    this.#needs = needs
  }

  /** Everything was received, and somebody wanted it. */
  get complete(): boolean {
    return this.#take !== undefined && this.#ending === 'end'
  }

  /** Bytes that are still to come. */
  get missing(): number {
    return this.#length - this.received
  }

  pump(take: TakeBatch): Promise<Ending> {
    if (this.#take !== undefined || this.#refused || this.#ending === 'cut') {
      return Promise.resolve('cut')
    }
    this.#take = take
    if (this.#ending === undefined) {
      this.#watch.add(this)
      this.#needs.proceed()
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#handOver()
    })
  }

  cut(): void {
    this.#needs.destroy()
    this.abandon()
  }

  abandon(): void {
    // What was received as a whole is handed over as a whole.
    if (this.#take !== undefined && this.#ending === 'end') return
    this.#refused = true
    if (this.#ending === 'end') return
    this.#ending = 'cut'
    this.#watch.remove(this)
    if (!this.#busy) this.#settle('cut')
  }

  /** Takes the next bytes, lent for the call; never more than are missing. */
  receive(piece: Uint8Array): void {
    this.received += piece.length
    if (this.missing === 0) this.#end('end')
    if (this.#refused) return
    if (this.#loan !== undefined) this.#lose()
    else if (this.#take === undefined && this.#held === undefined) this.#borrow(piece)
    else if (this.#take === undefined || this.#busy || this.#held !== undefined) this.#hold(piece)
    else if (this.#hand(piece) && this.#ending !== undefined) this.#settle(this.#ending)
  }

  /** Copies what was lent, because other bytes are about to be received. */
  keep(): void {
    const loan = this.#takeLoan()
    if (loan === undefined || this.#refused) return
    const bytes = bytesOf(loan)
    if (bytes === undefined) this.#lose()
    else this.#hold(bytes)
  }

  /** The sender is gone; what was received before is handed over still. */
  senderGone(): void {
    if (this.#ending !== undefined) return
    this.#end('cut')
    if (this.#held === undefined && !this.#busy) this.#settle('cut')
  }

  #end(ending: Ending): void {
    this.#ending = ending
    this.#watch.remove(this)
  }

  /**
   * Its handler mostly asks for the body before the next bytes are received: a tick that a promise asks for runs
   * after all promises that are due with it, and before anything else is received. Only where an error that nobody
   * handles ends the ticks, and somebody lets the process live, others are received first.
   */
  #borrow(piece: Uint8Array): void {
    this.#loan = lend(piece)
    queueMicrotask(() => process.nextTick(keepNow, this))
  }

  #takeLoan(): Loan | undefined {
    const loan = this.#loan
    this.#loan = undefined
    return loan
  }

  /** Ends the request: bytes of it are overwritten. */
  #lose(): void {
    this.#refused = true
    this.#end('cut')
    this.#needs.destroy()
    this.#settle('cut')
  }

  #hold(piece: Uint8Array): void {
    this.#held ??= new HeldBytes()
    this.#held.add(piece)
    if (this.paused || this.#ending !== undefined || !this.#held.isFull) return
    this.paused = true
    this.#needs.pause()
  }

  /** Hands a piece over; returns whether the taker is ready for more at once. */
  #hand(piece: Uint8Array): boolean {
    let taken: void | Promise<void>
    try {
      taken = this.#take?.([piece])
    } catch (error) {
      this.#fail(error)
      return false
    }
    if (taken === undefined) return true
    this.#busy = true
    void taken.then(
      () => this.#goOn(),
      (error: unknown) => this.#fail(error),
    )
    return false
  }

  #goOn(): void {
    this.#busy = false
    this.#handOver()
  }

  /** Hands over what is held until the taker is busy or nothing is left. */
  #handOver(): void {
    if (this.#refused) return this.#settle(this.#ending ?? 'cut')
    if (!this.#handLoan()) return
    for (let piece = this.#held?.first(); piece !== undefined; piece = this.#held?.first()) {
      const isReady = this.#hand(piece)
      this.#held?.release()
      if (!isReady) return
    }
    this.#held = undefined
    if (this.#ending !== undefined) this.#settle(this.#ending)
    else if (this.paused) {
      this.paused = false
      this.#needs.resume()
    }
  }

  /** Hands over what was lent; returns whether the taker is ready for more. */
  #handLoan(): boolean {
    const loan = this.#takeLoan()
    if (loan === undefined) return true
    const bytes = bytesOf(loan)
    if (bytes !== undefined) return this.#hand(bytes)
    this.#lose()
    return false
  }

  #settle(ending: Ending): void {
    this.#resolve?.(ending)
    this.#letGo()
  }

  /** Whoever remembers the body for a while remembers nothing of its taker. */
  #letGo(): void {
    this.#held = undefined
    this.#loan = undefined
    this.#resolve = undefined
    this.#reject = undefined
    if (this.#take !== undefined) this.#take = TAKEN
  }

  #fail(error: unknown): void {
    this.#busy = false
    this.#refused = true
    this.#reject?.(error)
    this.#letGo()
  }
}

function keepNow(body: LaneBody): void {
  body.keep()
}
