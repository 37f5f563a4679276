import type { Socket } from 'node:net'
import type { Peer } from '../client-address.ts'
import type { Dispatcher } from '../dispatcher.ts'
import { passOn, takeOver } from './accepted-socket.ts'
import { LaneExchange, type LaneExchangeNeeds, type LaneLink } from './lane-exchange.ts'
import type { Newcomers } from './newcomers.ts'
import { RECEIVED, RECEIVED_FIRST, noteReception } from './receive-buffer.ts'
import { HeadReader } from './request-head.ts'

/** What all connections of a lane share. */
export interface LaneNeeds extends LaneExchangeNeeds {
  readonly dispatcher: Dispatcher
  /** Serves a connection in the ordinary way from now on. */
  readonly ordinary: (socket: Socket) => void
  readonly newcomers: Newcomers
  /** A request began in the lane. */
  readonly taken: () => void
}

/** Most bytes of a head that the lane reads. */
const MOST_HEAD = 4 * 1024

/** Bytes of further requests that a client may send ahead of an answer, and with them what is received at once. */
const MOST_AHEAD = 64 * 1024

/** A connection of the lane. A class, because it is what every received byte passes. */
export class LaneConnection implements LaneLink {
  readonly peer: Peer
  /** Looks of the lane's timer without a request, and without a byte in either direction. */
  idleLooks = 0
  silentLooks = 0
  /** Whether a request was served on it. */
  isUsed = false
  readonly #needs: LaneNeeds
  readonly #closed: () => void
  readonly #heads = new HeadReader()
  #socket: Socket | undefined
  #exchange: LaneExchange | undefined = undefined
  #ahead: Buffer[] = []
  #aheadBytes = 0
  #passed = 0
  #isPaused = false
  /** No further request is served: what still comes is discarded. */
  #isOver = false
  #senderGone = false
  /** The connection is served in the ordinary way. */
  #isLeft = false

  constructor(needs: LaneNeeds, peer: Peer, closed: () => void) {
    this.#needs = needs
    this.#closed = closed
    this.peer = peer
  }

  /** Takes the connection over; `false` if that cannot be done. */
  open(accepted: Socket): boolean {
    const socket = takeOver(accepted, {
      buffer: () => (this.#missing() > 0 ? RECEIVED : RECEIVED_FIRST),
      received: (count) => this.#received(count),
    })
    this.#socket = socket
    if (socket === undefined) return false
    socket.on('error', ignore)
    socket.once('end', () => this.#ended())
    socket.once('close', () => this.#gone())
    socket.pause()
    this.#needs.newcomers.wait(() => this.resume())
    return true
  }

  get socket(): Socket {
    if (this.#socket === undefined) throw new Error('The connection is not open')
    return this.#socket
  }

  /** No request runs on it. */
  get isIdle(): boolean {
    return this.#exchange === undefined && !this.#isOver
  }

  /** To be called at every look: notes whether a byte has passed since the last one. */
  look(): void {
    const { bytesRead, bytesWritten } = this.socket
    this.silentLooks = this.#passed === bytesRead + bytesWritten ? this.silentLooks + 1 : 0
    this.#passed = bytesRead + bytesWritten
    this.idleLooks = this.isIdle ? this.idleLooks + 1 : 0
  }

  pause(): void {
    this.#isPaused = true
    this.socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.socket.resume()
  }

  linger(): void {
    this.#isOver = true
    this.#ahead = []
    this.#needs.lingering.add(this.socket)
    this.resume()
    this.socket.end()
  }

  ended(): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    const isLast = exchange.isLast
    this.#needs.dispatcher.finish(exchange)
    this.idleLooks = 0
    if (this.#isOver) return
    // A client that does not wait for answers is served in the ordinary way.
    if (!isLast && this.#ahead.length > 0) this.#leave(Buffer.concat(this.#ahead))
    else if (isLast || this.#senderGone) this.#end()
  }

  /** Ends the connection behind its last answer: what still comes is discarded, never read as a request. */
  #end(): void {
    this.#isOver = true
    this.socket.end(() => this.socket.destroy())
  }

  /** Returns whether to go on receiving. */
  #received(count: number): boolean {
    noteReception()
    if (this.#isOver) return true
    if (this.#exchange === undefined) this.#next(count)
    else this.#feed(this.#exchange, RECEIVED.subarray(0, count))
    return !this.#isPaused && !this.#isLeft
  }

  /** Bytes of the present body that are still to come. */
  #missing(): number {
    return this.#exchange?.incoming?.missing ?? 0
  }

  /** Begins the next request, or leaves the connection to the ordinary way. */
  #next(count: number): void {
    const head = this.#heads.read(RECEIVED, Math.min(count, MOST_HEAD))
    if (head === undefined) return this.#leave(RECEIVED.subarray(0, count))
    this.isUsed = true
    this.#needs.taken()
    const exchange = new LaneExchange(head, this, this.#needs)
    this.#exchange = exchange
    this.#needs.dispatcher.start(exchange)
    if (count > head.bytes) this.#feed(exchange, RECEIVED.subarray(head.bytes, count))
  }

  #feed(exchange: LaneExchange, bytes: Buffer): void {
    if (this.#isOver || this.#exchange !== exchange) return
    const body = exchange.incoming
    const missing = body?.missing ?? 0
    if (missing > 0) body?.receive(bytes.length > missing ? bytes.subarray(0, missing) : bytes)
    if (bytes.length > missing && !exchange.closes) this.#keepAhead(bytes.subarray(missing))
  }

  #keepAhead(bytes: Buffer): void {
    this.#ahead.push(Buffer.from(bytes))
    this.#aheadBytes += bytes.length
    if (this.#aheadBytes >= MOST_AHEAD) this.pause()
  }

  #leave(bytes: Buffer): void {
    const { socket } = this
    this.#isLeft = true
    this.#closed()
    const { ordinary } = this.#needs
    ordinary(passOn(socket, Buffer.from(bytes)))
  }

  /** The client has closed its side. */
  #ended(): void {
    if (this.#isLeft) return
    this.#senderGone = true
    if (this.#exchange === undefined) this.socket.end()
    else this.#exchange.senderGone()
  }

  #gone(): void {
    if (this.#isLeft) return
    this.#closed()
    const exchange = this.#exchange
    this.#exchange = undefined
    if (exchange !== undefined) this.#needs.dispatcher.finish(exchange)
  }
}

/** A failed connection is told by its close; the error itself says nothing more. */
function ignore(): void {}
